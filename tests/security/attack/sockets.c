/* Queues of sockets, filled. */
#include "attack.h"

#include <linux/filter.h>
#include <linux/net_tstamp.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

enum { PIECE = 60000, OWN = 1000 };

static char data[PIECE];

/* Each socket gets packets of its own: one that several get is in memory once. So each has an address of its own. */
static void flood(int type, int count, int host, double seconds) {
    static struct sockaddr_in addresses[MOST];
    static int sockets[MOST];
    int size = 8 << 20, made = 0;
    long sent = 0;
    for (; made < count && made < MOST; made++) {
        struct sockaddr_in own = loopback(256 * host + made, 0);
        socklen_t length = sizeof own;
        int one = socket(AF_INET, type, type == SOCK_RAW ? IPPROTO_ICMP : 0);
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

static void raw(char **words) { flood(SOCK_RAW, atoi(words[0]), 1, atof(last(words))); }

static void udp(char **words) { flood(SOCK_DGRAM, atoi(words[0]), 1, atof(last(words))); }

static long raw_sockets(int number, double end) {
    flood(SOCK_RAW, 110, number + 1, end - now());
    return 0;
}

/* as `raw`, from many processes: each has a table of descriptors, and an address, of its own */
static void raws(char **words) { together(atoi(words[0]), "done", raw_sockets, now() + atof(last(words))); }

/* sockets for echoes, each filled with answers to itself */
static long echoes(int number, double end) {
    static int sockets[OWN];
    struct icmphdr *head = (void *)data;
    struct sockaddr_in to = loopback(number + 1, 0);
    int made = 0;
    head->type = ICMP_ECHO;
    while (made < OWN && (sockets[made] = socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP)) >= 0) made++;
    for (int at = 0; made && now() < end; at = (at + 1) % made)
        sendto(sockets[at], data, sizeof data, MSG_DONTWAIT, (void *)&to, sizeof to);
    return made;
}

static void pings(char **words) { together(atoi(words[0]), "sockets", echoes, now() + atof(last(words))); }

/* datagrams that nobody takes, of sockets with a name of their own */
static long letters(int number, double end) {
    int made = 0, ends[2];
    (void)number;
    while (now() < end && made < OWN / 2 && socketpair(AF_UNIX, SOCK_DGRAM, 0, ends) == 0) {
        made++;
        while (send(ends[0], data, sizeof data, MSG_DONTWAIT) > 0) {}
    }
    return made;
}

static void unix_queues(char **words) { together(atoi(words[0]), "pairs", letters, now() + atof(last(words))); }

/* answers of the kernel about its network, which nobody takes */
static long answers(int number, double end) {
    struct {
        struct nlmsghdr head;
        struct rtgenmsg body;
    } ask = {{sizeof ask, RTM_GETLINK, NLM_F_REQUEST, 1, 0}, {AF_UNSPEC}};
    static int sockets[OWN];
    int made = 0;
    (void)number;
    while (made < OWN && (sockets[made] = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE)) >= 0) made++;
    for (int at = 0; made && now() < end; at = (at + 1) % made) {
        ask.head.nlmsg_flags = NLM_F_REQUEST | (at % 2 ? NLM_F_DUMP : 0);
        send(sockets[at], &ask, sizeof ask, MSG_DONTWAIT);
    }
    return made;
}

static void netlink(char **words) { together(atoi(words[0]), "sockets", answers, now() + atof(last(words))); }

/* A copy of what is sent comes back to the sender with the time at which it was sent. A message may ask for that by
 * itself, which no filter of calls sees. */
static ssize_t send_with_time(int one, const void *bytes, size_t count, struct sockaddr_in *to) {
    char control[CMSG_SPACE(sizeof(int))] = {0};
    struct iovec piece = {(void *)bytes, count};
    struct msghdr message = {.msg_name = to, .msg_namelen = to ? sizeof *to : 0, .msg_iov = &piece, .msg_iovlen = 1};
    message.msg_control = control, message.msg_controllen = sizeof control;
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET, head->cmsg_type = SO_TIMESTAMPING, head->cmsg_len = CMSG_LEN(sizeof(int));
    *(int *)CMSG_DATA(head) = SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_TX_SCHED;
    return sendmsg(one, &message, MSG_DONTWAIT);
}

static long timed(int number, double end) {
    static int sockets[OWN];
    struct sockaddr_in to = loopback(number + 1, 9);
    int made = 0;
    while (made < OWN && (sockets[made] = socket(AF_INET, SOCK_DGRAM, 0)) >= 0) {
        struct sockaddr_in own = loopback(number + 1, 0);
        bind(sockets[made++], (void *)&own, sizeof own);
    }
    for (int at = 0; made && now() < end; at = (at + 1) % made) send_with_time(sockets[at], data, sizeof data, &to);
    return made;
}

static void errors(char **words) { together(atoi(words[0]), "sockets", timed, now() + atof(last(words))); }

static long timed_streams(int number, double end) {
    static int clients[OWN], servers[OWN];
    struct sockaddr_in to = loopback(number + 1, 0);
    socklen_t length = sizeof to;
    int made = 0, most = 16 << 20, listener = socket(AF_INET, SOCK_STREAM, 0);
    bind(listener, (void *)&to, sizeof to), listen(listener, OWN), getsockname(listener, (void *)&to, &length);
    while (made < OWN / 2 && (clients[made] = socket(AF_INET, SOCK_STREAM, 0)) >= 0) {
        setsockopt(clients[made], SOL_SOCKET, SO_RCVLOWAT, &most, sizeof most);
        if (connect(clients[made], (void *)&to, sizeof to)) break;
        if ((servers[made] = accept(listener, NULL, NULL)) < 0) break;
        made++;
    }
    static char sink[PIECE];
    for (int at = 0; made && now() < end; at = (at + 1) % made) {
        send_with_time(clients[at], data, sizeof data, NULL);
        while (recv(servers[at], sink, sizeof sink, MSG_DONTWAIT) > 0) {}
    }
    return made;
}

static void stream_errors(char **words) {
    together(atoi(words[0]), "sockets", timed_streams, now() + atof(last(words)));
}

static void pass(int to, int one) {
    char control[CMSG_SPACE(sizeof(int))] = {0};
    struct iovec piece = {"x", 1};
    struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET, head->cmsg_type = SCM_RIGHTS, head->cmsg_len = CMSG_LEN(sizeof(int));
    *(int *)CMSG_DATA(head) = one;
    sendmsg(to, &message, MSG_DONTWAIT);
}

/* sockets that are held by messages to each other: the kernel looks for such whenever one is closed */
static void circles(char **words) {
    int kept[500][2], made = 0;
    long times = 0;
    for (; made < 400 && socketpair(AF_UNIX, SOCK_STREAM, 0, kept[made]) == 0; made++) {
        pass(kept[made][0], kept[made][1]);
        if (made) pass(kept[made][0], kept[made - 1][1]);
    }
    tell("pairs", made);
    for (double end = now() + atof(last(words)); now() < end; times++) {
        int ends[2];
        if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends)) break;
        pass(ends[0], ends[1]), pass(ends[1], ends[0]);
        close(ends[0]), close(ends[1]);
    }
    tell("times", times);
}

/* datagrams that are not sent yet */
static void corked(char **words) {
    struct sockaddr_in to = loopback(1, 9);
    long made = 0;
    for (double end = now() + atof(last(words)); now() < end; made++) {
        int one = socket(AF_INET, SOCK_DGRAM, 0);
        struct sockaddr_in own = loopback(1, 0);
        if (one < 0 || bind(one, (void *)&own, sizeof own)) break;
        sendto(one, data, sizeof data, MSG_MORE | MSG_DONTWAIT, (void *)&to, sizeof to);
    }
    tell("sockets", made);
    hold("0.3");
}

static void packet(char **words) {
    (void)words;
    tell("errno", outcome(socket(AF_INET, SOCK_PACKET, htons(3))));
}

static void filters(char **words) {
    struct sock_filter pass = {BPF_RET | BPF_K, 0, 0, 0x7fff0000};
    struct sock_fprog program = {1, &pass};
    int one = socket(AF_INET, SOCK_DGRAM, 0);
    (void)words;
    tell("socket", outcome(setsockopt(one, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program)));
    tell("reuseport", outcome(setsockopt(one, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program, sizeof program)));
    tell("prctl", outcome(prctl(PR_SET_SECCOMP, 2, &program, 0, 0)));
    /* the kernel looks at the lower half of it alone */
    tell("prctl-high", outcome(syscall(SYS_prctl, (1L << 32) + PR_SET_SECCOMP, 2, &program, 0, 0)));
    tell("seccomp", outcome(syscall(SYS_seccomp, 1, 0, &program)));
}

static void pairs(char **words) {
    int made = 0, ends[2];
    while (made < MOST && socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0) made++;
    tell("pairs", made);
    hold(last(words));
}

const struct verb SOCKETS[] = {
    {"raw", raw}, {"raws", raws}, {"udp", udp}, {"pings", pings}, {"unix-queues", unix_queues},
    {"netlink", netlink}, {"errors", errors}, {"stream-errors", stream_errors}, {"packet", packet},
    {"filters", filters}, {"pairs", pairs}, {"corked", corked}, {"circles", circles}, {NULL, NULL},
};
