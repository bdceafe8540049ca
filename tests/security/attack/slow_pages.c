/* Calls that copy to a page which comes slowly from a disk, while the kernel has something that others need. */
#include "attack.h"

#include <fcntl.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <linux/netlink.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { PAGE = 4096, ETHTOOL = 0x8946, GET_LINK = 0x0a, LIST_MEMBERSHIPS = 9, NETLINK_OPTIONS = 270 };

/* A page of memory, and behind it one of the file at `path`, which is on the disk and not in memory. */
static char *pages(const char *path) {
    char *made = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memset(made, 0, 2 * PAGE);
    int file = open(path, O_CREAT | O_RDWR | O_DIRECT, 0600);
    if (write(file, made, PAGE) != PAGE) exit(1);
    if (mmap(made + PAGE, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, file, 0) == MAP_FAILED) exit(1);
    madvise(made + PAGE, PAGE, MADV_RANDOM);
    return made;
}

/* the state of a network card, of which the kernel has read the number of the wish already */
static void card(char *made) {
    unsigned *wish = (unsigned *)(made + PAGE - sizeof *wish);
    struct ifreq request = {.ifr_name = "lo", .ifr_data = (void *)wish};
    *wish = GET_LINK;
    ioctl(socket(AF_INET, SOCK_DGRAM, 0), ETHTOOL, &request);
}

static void cards(char *made) {
    struct ifconf wish = {.ifc_len = 400, .ifc_buf = made + PAGE};
    ioctl(socket(AF_INET, SOCK_DGRAM, 0), SIOCGIFCONF, &wish);
}

static void members(char *made) {
    struct sockaddr_nl own = {.nl_family = AF_NETLINK, .nl_groups = 1};
    socklen_t length = 64;
    int one = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
    bind(one, (void *)&own, sizeof own);
    getsockopt(one, NETLINK_OPTIONS, LIST_MEMBERSHIPS, made + PAGE, &length);
}

static void group(char *made) {
    /* of version 1, or of version 2 */
    int own = open("/sys/fs/cgroup/cpu", O_RDONLY | O_DIRECTORY);
    if (own < 0) own = open("/sys/fs/cgroup", O_RDONLY | O_DIRECTORY);
    syscall(SYS_getdents64, own, made + PAGE, PAGE);
}

static void slow(char **words) {
    static const struct {
        const char *name;
        void (*call)(char *made);
    } CALLS[] = {{"card", card}, {"cards", cards}, {"members", members}, {"group", group}};
    char *made = pages("/page");
    for (size_t number = 0; number < sizeof CALLS / sizeof *CALLS; number++)
        if (!strcmp(words[0], CALLS[number].name) && fork() == 0) {
            CALLS[number].call(made);
            _exit(0);
        }
    usleep(100000);
    tell("called", 1);
    hold(last(words));
}

const struct verb SLOW_PAGES[] = {
    {"slow-page", slow},
    {NULL, NULL},
};
