/* What a run leaves with another that it has a network in common with, by a socket that has no file. */
#include "attack.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static int named(struct sockaddr_un *name, socklen_t *length) {
    static const char OWN[] = "\0leavings";
    memset(name, 0, sizeof *name);
    name->sun_family = AF_UNIX;
    memcpy(name->sun_path, OWN, sizeof OWN - 1);
    *length = offsetof(struct sockaddr_un, sun_path) + sizeof OWN - 1;
    return socket(AF_UNIX, SOCK_STREAM, 0);
}

/* One file that another has given, and that the answer is for: -1 when nobody does before `end`. */
static int given(int listener, double end) {
    char byte, control[CMSG_SPACE(sizeof(int))];
    struct iovec data = {&byte, 1};
    struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    int other, file = -1;
    while ((other = accept4(listener, NULL, NULL, 0)) < 0 && now() < end) usleep(5000);
    if (other < 0) return -1;
    if (recvmsg(other, &message, 0) > 0 && CMSG_FIRSTHDR(&message))
        memcpy(&file, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof file);
    /* whoever is killed meanwhile does not wait for it */
    send(other, "", 1, MSG_NOSIGNAL);
    close(other);
    return file;
}

/* Keep all that others give, for some seconds; how many bytes there are. */
static void keep(char **words) {
    struct sockaddr_un name;
    socklen_t length;
    struct stat status;
    long kept = 0;
    int listener = named(&name, &length);
    fcntl(listener, F_SETFL, O_NONBLOCK);
    tell("bound", outcome(bind(listener, (void *)&name, length)));
    listen(listener, 8);
    for (double end = now() + atof(last(words)); now() < end;) {
        int one = given(listener, end);
        if (one >= 0 && fstat(one, &status) == 0) kept += status.st_blocks * 512;
    }
    tell("kept", kept);
}

static void give(int file) {
    struct sockaddr_un name;
    socklen_t length;
    char byte = 0, control[CMSG_SPACE(sizeof(int))] = {0};
    struct iovec data = {&byte, 1};
    struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET, head->cmsg_type = SCM_RIGHTS, head->cmsg_len = CMSG_LEN(sizeof file);
    memcpy(CMSG_DATA(head), &file, sizeof file);
    int one = named(&name, &length);
    if (connect(one, (void *)&name, length) || sendmsg(one, &message, 0) < 0 || read(one, &byte, 1) < 0) exit(1);
}

/* Leave a file of so many MiB with whoever keeps it: one in memory, or the one at a path. */
static void leave(char **words) {
    static char much[1 << 20];
    memset(much, 1, sizeof much);
    int in_memory = !strcmp(words[0], "memory");
    int file = in_memory ? memfd_create("left", 0) : open(words[0], O_CREAT | O_RDWR, 0600);
    for (int left = atoi(last(words)); left > 0; left--)
        if (write(file, much, sizeof much) < 0) break;
    give(file);
    tell("left", 1);
}

/* Connections that nobody accepts, for some seconds. */
static void silent(char **words) {
    struct sockaddr_in own = {.sin_family = AF_INET, .sin_port = htons(7000)};
    int one = socket(AF_INET, SOCK_STREAM, 0);
    tell("bound", outcome(bind(one, (void *)&own, sizeof own)));
    listen(one, 1024);
    hold(last(words));
}

/* Connections that are closed and are to last: with data that nobody takes, or by what they wish for. */
static void lasting(char **words) {
    static char data[1 << 16];
    static int all[MOST];
    int made = 0, seconds = 120, milliseconds = 600000;
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(7000)};
    inet_aton(words[0], &to.sin_addr);
    for (; made < atoi(last(words)); made++) {
        int one = all[made] = socket(AF_INET, SOCK_STREAM, 0);
        if (connect(one, (void *)&to, sizeof to)) break;
        setsockopt(one, 6, TCP_USER_TIMEOUT, &milliseconds, sizeof milliseconds);
        setsockopt(one, 6, TCP_LINGER2, &seconds, sizeof seconds);
    }
    tell("made", made);
    /* those first that have nothing to say, as the others take all of the way */
    for (int at = 0; at < made; at++) if (at % 3 == 0) close(all[at]);
    hold("0.2");
    for (int at = 0; at < made; at++) if (at % 3) send(all[at], data, sizeof data, MSG_DONTWAIT);
}

const struct verb LEAVINGS[] = {
    {"keep", keep}, {"leave", leave}, {"silent", silent}, {"lasting", lasting}, {NULL, NULL},
};
