/* Descriptors, and what the kernel keeps for each. */
#include "attack.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/fsuid.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

enum { EACH = 250, MESSAGES_EACH = 3 };

static void as_many(const char *name, int (*make)(void), int most) {
    int made = 0;
    while (made < most && make() >= 0) made++;
    tell(name, made);
    tell("errno", errno);
}

static int file(void) { return open("/etc/hosts", O_RDONLY); }

static int timer(void) {
    struct itimerspec much_later = {.it_value = {.tv_sec = 1000}};
    int made = timerfd_create(CLOCK_MONOTONIC, 0);
    timerfd_settime(made, 0, &much_later, NULL);
    return made;
}

static int event(void) { return eventfd(0, 0); }

static int signals(void) {
    sigset_t none;
    sigemptyset(&none);
    return signalfd(-1, &none, 0);
}

static int polled(void) {
    int made = epoll_create1(0);
    struct epoll_event wanted = {.events = EPOLLIN};
    static int event = -1;
    if (event < 0) event = eventfd(0, 0);
    epoll_ctl(made, EPOLL_CTL_ADD, event, &wanted);
    return made;
}

static int folder(void) { return open("/tmp", O_RDONLY | O_DIRECTORY); }

static int pressure(void) {
    int made = open("/proc/pressure/cpu", O_RDWR);
    static const char WISH[] = "some 150000 2000000";
    return made < 0 || write(made, WISH, sizeof WISH) < 0 ? -1 : made;
}

static const struct {
    const char *name;
    int (*make)(void);
} KINDS[] = {{"file", file},       {"timer", timer},   {"event", event},       {"signal", signals},
             {"polled", polled},   {"folder", folder}, {"pressure", pressure}, {NULL, NULL}};

static int (*chosen(const char *name))(void) {
    for (int at = 0; KINDS[at].name; at++)
        if (!strcmp(KINDS[at].name, name)) return KINDS[at].make;
    exit(2);
}

static void inotify(char **words) { as_many("instances", inotify_init, MOST), hold(last(words)); }

/* what has happened and nobody asks for */
static void events(char **words) {
    char path[256] = "/tmp/";
    long seen = 0;
    memset(path + 5, 'n', 240);
    for (int made = 0; made < 32; made++) inotify_add_watch(inotify_init1(IN_NONBLOCK), "/tmp", IN_ALL_EVENTS);
    for (double end = now() + atof(last(words)); now() < end; seen++) {
        path[5] = 'a' + seen % 26;
        close(open(path, O_CREAT | O_WRONLY, 0644));
        unlink(path);
    }
    tell("events", seen);
    hold("0.3");
}

static void files(char **words) { as_many("files", file, MOST), hold(last(words)); }

/* `hold KIND COUNT SECONDS` */
static void hold_kind(char **words) { as_many("made", chosen(words[0]), atoi(words[1])), hold(last(words)); }

static long send_all(int to, const int *descriptors, int count) {
    static char control[CMSG_SPACE(EACH * sizeof(int))];
    struct iovec one = {"x", 1};
    struct msghdr message = {.msg_iov = &one, .msg_iovlen = 1, .msg_control = control};
    message.msg_controllen = CMSG_SPACE(count * sizeof(int));
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET, head->cmsg_type = SCM_RIGHTS, head->cmsg_len = CMSG_LEN(count * sizeof(int));
    memcpy(CMSG_DATA(head), descriptors, count * sizeof(int));
    return sendmsg(to, &message, MSG_DONTWAIT);
}

/* Descriptors on their way are in no table. Each user may have so many of them, and a container has 65,536 users. */
static long send_as(int user, int to, int (*make)(void)) {
    long sent = 0;
    if (setresuid(user, user, user)) _exit(1);
    for (int message = 0; message < MESSAGES_EACH; message++) {
        int made[EACH], count = 0;
        while (count < EACH && (made[count] = make()) >= 0) count++;
        if (count && send_all(to, made, count) > 0) sent += count;
        while (count) close(made[--count]);
    }
    return sent;
}

static void in_flight(char **words) {
    int (*make)(void) = chosen(words[0]);
    int ends[2] = {-1, -1}, counts[2];
    long sent = 0, got = 0;
    double end = now() + atof(last(words));
    if (pipe(counts)) exit(1);
    for (int user = 1000; now() < end && user < 65000; user++) {
        if (user % 8 == 0 && socketpair(AF_UNIX, SOCK_STREAM, 0, ends)) break;
        if (ends[0] < 0 && socketpair(AF_UNIX, SOCK_STREAM, 0, ends)) break;
        if (fork() == 0) {
            got = send_as(user, ends[0], make);
            _exit(write(counts[1], &got, sizeof got) < 0);
        }
        wait(NULL);
        if (read(counts[0], &got, sizeof got) < (ssize_t)sizeof got || !got) break;
        sent += got;
        if (user % 64 == 0) tell("so-far", sent);
    }
    tell("in-flight", sent);
    hold("0.5");
}

/* as many of eventfd on their way as are named, a few hundred a user and some tens of thousands a socket */
static void flying(char **words) {
    enum { USER = 4, SOCKET = 200 };
    int ends[2], made[EACH], sent = 0;
    long count = atol(words[0]) / EACH;
    for (; sent < count; sent++) {
        if (sent % USER == 0 && setresuid(1000 + sent / USER, 0, 0)) break;
        if (sent % SOCKET == 0 && socketpair(AF_UNIX, SOCK_STREAM, 0, ends)) break;
        for (int at = 0; at < EACH; at++) made[at] = eventfd(0, 0);
        long got = send_all(ends[0], made, EACH);
        for (int at = 0; at < EACH; at++) close(made[at]);
        if (got <= 0) break;
    }
    tell("flying", (long)sent * EACH);
    hold(last(words));
}

static int event_of_all;

/* Wait for one descriptor by as many of epoll, and names of it, as there may be. */
static long waiting_for_one(int number, double end) {
    static int names[500];
    struct epoll_event wanted = {.events = EPOLLIN | EPOLLET};
    long made = 0;
    (void)number;
    for (int at = 0; at < 500; at++) names[at] = dup(event_of_all);
    for (int one = 0; one < 20 && now() < end; one++) {
        int waiting = epoll_create1(0);
        for (int at = 0; at < 500; at++) made += epoll_ctl(waiting, EPOLL_CTL_ADD, names[at], &wanted) == 0;
    }
    return made;
}

/* whoever wakes it up wakes all of them, with interrupts off */
static void awaited(char **words) {
    event_of_all = eventfd(0, EFD_NONBLOCK);
    together(atoi(words[0]), "waiting", waiting_for_one, now() + atof(last(words)));
}

const struct verb DESCRIPTORS[] = {
    {"inotify", inotify}, {"files", files}, {"events", events}, {"hold", hold_kind},
    {"in-flight", in_flight}, {"flying", flying}, {"awaited", awaited}, {NULL, NULL},
};
