/* What a hostile program does inside a container, one attack a run: attack NAME [ARGUMENT…]. It prints what it got, as
 * `name=number`, and holds what it has for the seconds that its last argument names. */
#include "attack.h"
#include <mqueue.h>
#include <stddef.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>

/* Each socket gets packets of its own: one that several get is in memory once. */
static void flood(int type, int count, int host, double seconds) {
    static char data[PIECE];
    static struct sockaddr_in addresses[MOST];
    static int sockets[MOST];
    int size = 8 << 20, made = 0;
    long sent = 0;
    for (; made < count && made < MOST; made++) {
        struct sockaddr_in own = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000000 + host)};
        socklen_t length = sizeof own;
        /* numbers that no protocol has */
        int one = socket(AF_INET, type, type == SOCK_RAW ? 143 + made % 110 : 0);
        if (one < 0) break;
        setsockopt(one, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
        setsockopt(one, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
        bind(one, (struct sockaddr *)&own, sizeof own);
        getsockname(one, (struct sockaddr *)&own, &length);
        sockets[made] = one, addresses[made] = own;
    }
    tell("sockets", made);
    double end = now() + seconds;
    for (int at = 0; made && now() < end; at = (at + 1) % made) {
        void *to = &addresses[at];
        sent += sendto(sockets[at], data, sizeof data, MSG_DONTWAIT, to, sizeof addresses[at]) > 0;
    }
    tell("sent", sent);
}

/* as `flood`, from many processes: each has a table of descriptors, and an address, of its own */
static void floods(int processes, int count, double seconds) {
    for (int number = 0; number < processes; number++)
        if (fork() == 0) {
            flood(SOCK_RAW, count, number + 1, seconds);
            _exit(0);
        }
    while (wait(NULL) > 0) {}
}

static void write_forever(double seconds) {
    static char data[1 << 16];
    struct iovec vector = {data, sizeof data};
    fcntl(1, F_SETFL, O_NONBLOCK);
    for (double end = now() + seconds; now() < end;) vmsplice(1, &vector, 1, SPLICE_F_NONBLOCK);
}

/* `count` processes that write for ever after the first one has ended */
static void writers(int count, double seconds) {
    for (int number = 0; number < count; number++)
        if (fork() == 0) {
            write_forever(seconds);
            _exit(0);
        }
    usleep(200000);
}

/* one entry of an access control list in the form of linux/posix_acl_xattr.h */
static void put(unsigned char *value, int number, unsigned short tag, unsigned id) {
    unsigned short permissions = 6;
    unsigned char *entry = value + 4 + 8 * number;
    memcpy(entry, &tag, 2), memcpy(entry + 2, &permissions, 2), memcpy(entry + 4, &id, 4);
}

static void acls(const char *folder, int count) {
    static unsigned char value[4 + 8 * 8000] = {2};
    int entries = 0, made = 0;
    long error = 0;
    put(value, entries++, 1, ~0u);
    while (entries < 7990) {
        put(value, entries, 2, entries);
        entries++;
    }
    for (unsigned tag = 4; tag <= 32; tag *= tag == 4 ? 4 : 2) put(value, entries++, tag, ~0u);
    for (int number = 0; number < count; number++) {
        char path[256];
        snprintf(path, sizeof path, "%s/a%d", folder, number);
        close(open(path, O_CREAT | O_WRONLY, 0644));
        long got = outcome(setxattr(path, "system.posix_acl_access", value, 4 + 8 * entries, 0));
        if (got) error = got;
        else made++;
    }
    tell("made", made);
    tell("errno", error);
}

static void locks(const char *path, long count, double seconds) {
    int file = open(path, O_CREAT | O_RDWR, 0644);
    long made = 0;
    double end = now() + seconds;
    for (; made < count && now() < end; made++) {
        struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 2 * (count - made), .l_len = 1};
        if (fcntl(file, F_SETLK, &lock) < 0) break;
    }
    tell("locks", made);
}

static void descriptors(const char *name, int (*make)(void)) {
    int made = 0;
    while (made < MOST && make() >= 0) made++;
    tell(name, made);
    tell("errno", errno);
}

static int another_file(void) { return open("/etc/hosts", O_RDONLY); }

static int terminal(void) { return open("/dev/ptmx", O_RDWR | O_NOCTTY); }

static void filters(void) {
    struct sock_filter pass = {BPF_RET | BPF_K, 0, 0, 0x7fff0000};
    struct sock_fprog program = {1, &pass};
    int one = socket(AF_INET, SOCK_DGRAM, 0);
    tell("socket", outcome(setsockopt(one, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program)));
    tell("reuseport", outcome(setsockopt(one, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program, sizeof program)));
    tell("prctl", outcome(prctl(PR_SET_SECCOMP, 2, &program, 0, 0)));
    /* the kernel looks at the lower half of it alone */
    tell("prctl-high", outcome(syscall(SYS_prctl, (1L << 32) + PR_SET_SECCOMP, 2, &program, 0, 0)));
    tell("seccomp", outcome(syscall(SYS_seccomp, 1, 0, &program)));
}

static void watch(const char *path, double seconds) {
    int notify = inotify_init1(IN_NONBLOCK);
    tell("watch", outcome(inotify_add_watch(notify, path, IN_ALL_EVENTS)));
    struct pollfd ready = {notify, POLLIN, 0};
    tell("seen", poll(&ready, 1, (int)(seconds * 1000)));
}

static void pairs(void) {
    int made = 0, ends[2];
    while (made < MOST && socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0) made++;
    tell("pairs", made);
}

static void names(double seconds) {
    char path[64];
    long looked = 0;
    for (double end = now() + seconds; now() < end; looked++) {
        snprintf(path, sizeof path, "/tmp/none%ld", looked);
        if (access(path, F_OK) == 0) break;
    }
    tell("names", looked);
}

static void memory_files(double seconds) {
    static char data[1 << 20];
    long written = 0;
    memset(data, 1, sizeof data);
    int file = memfd_create("fill", 0);
    for (double end = now() + seconds; now() < end && write(file, data, sizeof data) > 0;) written++;
    tell("written", written);
}

static void full_pipes(void) {
    static char data[1 << 16];
    int made = 0, ends[2];
    for (; made < MOST && pipe2(ends, O_NONBLOCK) == 0; made++) {
        fcntl(ends[1], F_SETPIPE_SZ, 1 << 20);
        while (write(ends[1], data, sizeof data) > 0) {}
    }
    tell("pipes", made);
}

static void queues(const char *role) {
    struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = "\0meeting"};
    socklen_t length = offsetof(struct sockaddr_un, sun_path) + 8;
    int one = socket(AF_UNIX, SOCK_STREAM, 0);
    struct mq_attr attributes = {.mq_maxmsg = 1, .mq_msgsize = 8};
    if (!strcmp(role, "hold")) {
        tell("socket", outcome(bind(one, (struct sockaddr *)&name, length)));
        listen(one, 1);
        tell("posix", outcome(mq_open("/meeting", O_CREAT | O_RDWR, 0666, &attributes)));
        tell("system-v", outcome(msgget(0x6d656574, IPC_CREAT | 0666)));
    } else {
        tell("socket", outcome(connect(one, (struct sockaddr *)&name, length)));
        tell("posix", outcome(mq_open("/meeting", O_RDWR)));
        tell("system-v", outcome(msgget(0x6d656574, 0)));
    }
}

static void allocate(const char *path) {
    int file = open(path, O_CREAT | O_RDWR, 0644);
    tell("truncate", outcome(ftruncate(file, 1L << 40)));
    tell("fallocate", outcome(fallocate(file, 0, 0, 1L << 40)));
}

static void lower_oom_score(void) {
    int file = open("/proc/self/oom_score_adj", O_WRONLY);
    tell("lowered", write(file, "0", 1) == 1);
}

int main(int count, char **arguments) {
    if (count < 2) return 2;
    const char *name = arguments[1], *first = count > 2 ? arguments[2] : "", *last = arguments[count - 1];
    if (!strcmp(name, "packet")) tell("errno", outcome(socket(AF_INET, SOCK_PACKET, htons(3))));
    else if (!strcmp(name, "writers")) writers(atoi(first), atof(last));
    else if (!strcmp(name, "raw")) flood(SOCK_RAW, atoi(first), 1, atof(last));
    else if (!strcmp(name, "raws")) floods(atoi(first), 110, atof(last));
    else if (!strcmp(name, "udp")) flood(SOCK_DGRAM, atoi(first), 1, atof(last));
    else if (!strcmp(name, "acls")) acls(first, atoi(arguments[3])), hold(last);
    else if (!strcmp(name, "locks")) locks(first, atol(arguments[3]), atof(last));
    else if (!strcmp(name, "inotify")) descriptors("instances", inotify_init), hold(last);
    else if (!strcmp(name, "terminals")) descriptors("terminals", terminal), hold(last);
    else if (!strcmp(name, "filters")) filters();
    else if (!strcmp(name, "oom")) lower_oom_score();
    else if (!strcmp(name, "pairs")) pairs(), hold(last);
    else if (!strcmp(name, "names")) names(atof(last));
    else if (!strcmp(name, "memory-files")) memory_files(atof(last)), hold("0.2");
    else if (!strcmp(name, "full-pipes")) full_pipes(), hold(last);
    else if (!strcmp(name, "queues")) queues(first), hold(last);
    else if (!strcmp(name, "allocate")) allocate(first);
    else if (!strcmp(name, "files")) descriptors("files", another_file), hold(last);
    else if (!strcmp(name, "abort")) abort();
    else if (!strcmp(name, "spin")) spin(atoi(first), atof(last));
    else if (!strcmp(name, "bomb")) bomb(atof(last));
    else if (!strcmp(name, "threads")) threads(last);
    else if (!strcmp(name, "tree")) tree(first, last);
    else if (!strcmp(name, "fill")) fill(first, last);
    else if (!strcmp(name, "page-cache")) page_cache(last);
    else if (!strcmp(name, "sum")) sum(last);
    else if (!strcmp(name, "watch")) watch(first, atof(last));
    else if (!strcmp(name, "flock")) tell("errno", outcome(flock(open(first, O_RDONLY), LOCK_EX | LOCK_NB))), hold(last);
    else if (!strcmp(name, "sync")) {
        double begun = now();
        sync();
        tell("errno", outcome(syncfs(open(first, O_RDONLY))));
        tell("milliseconds", (long)((now() - begun) * 1000));
    } else return 2;
    return 0;
}
