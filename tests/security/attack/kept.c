/* What sockets and the network keep beside the queues. */
#include "attack.h"

#include <arpa/inet.h>
#include <linux/in6.h>
#include <linux/tcp.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { OWN = 1000, LEVEL_TCP = 6, LEVEL_IP = 0, LEVEL_IPV6 = 41, JOIN_4 = 35, JOIN_6 = 20, BACKLOG = 4096 };

/* Connections that nobody accepts, and whose other end is gone: what is left of each is in the listener's queue. */
static long left_waiting(int number, double end) {
    long made = 0;
    while (now() < end) {
        struct sockaddr_in to = loopback(256 * (number + 1) + 1, 0);
        struct linger at_once = {1, 0};
        socklen_t length = sizeof to;
        int listener = socket(AF_INET, SOCK_STREAM, 0);
        if (listener < 0 || bind(listener, (void *)&to, sizeof to) || listen(listener, BACKLOG)) break;
        getsockname(listener, (void *)&to, &length);
        for (int waiting = 0; waiting < BACKLOG && now() < end; waiting++) {
            int one = socket(AF_INET, SOCK_STREAM, 0);
            int gone = connect(one, (void *)&to, sizeof to);
            if (number % 2) setsockopt(one, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
            close(one);
            if (gone) break;
            made++;
        }
    }
    return made;
}

static void backlog(char **words) { together(atoi(words[0]), "waiting", left_waiting, now() + atof(last(words))); }

/* A socket that counts as one of its protocol, as only those do that have a port. */
static int bound(int family, int type) {
    struct sockaddr_in6 own = {.sin6_family = family};
    int one = socket(family, type, 0);
    return one < 0 || bind(one, (void *)&own, family == AF_INET ? sizeof(struct sockaddr_in) : sizeof own) ? -1 : one;
}

/* headers that each packet of a socket is to have */
static long headers(int number, double end) {
    static const int NAMES[] = {54, 55, 57, 59};
    static unsigned char header[2040] = {0, 254, 1, 250};
    long got = 0;
    (void)number;
    for (int made = 0; made < OWN && now() < end; made++) {
        int one = bound(AF_INET6, SOCK_DGRAM);
        if (one < 0) break;
        for (int at = 0; at < 4; at++)
            got += setsockopt(one, LEVEL_IPV6, NAMES[at], header, sizeof header) == 0;
        if (!got) break;
    }
    return got;
}

static void socket_headers(char **words) { together(atoi(words[0]), "headers", headers, now() + atof(last(words))); }

static long old_headers(int number, double end) {
    static unsigned char control[2500 * CMSG_SPACE(sizeof(int))];
    long got = 0;
    (void)number;
    for (size_t at = 0; at < sizeof control; at += CMSG_SPACE(sizeof(int))) {
        struct cmsghdr head = {.cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = LEVEL_IPV6, .cmsg_type = 67};
        memcpy(control + at, &head, sizeof head);
    }
    for (int made = 0; made < OWN && now() < end; made++) {
        int one = bound(AF_INET6, SOCK_DGRAM);
        if (one < 0) break;
        got += setsockopt(one, LEVEL_IPV6, 6, control, sizeof control) == 0;
        if (!got) break;
    }
    return got;
}

static void control_headers(char **words) {
    together(atoi(words[0]), "headers", old_headers, now() + atof(last(words)));
}

/* keys that the packets of a connection are to be signed with */
static long signatures(int number, double end) {
    long got = 0;
    (void)number;
    for (int made = 0; made < OWN && now() < end; made++) {
        int one = bound(AF_INET, SOCK_STREAM);
        if (one < 0) break;
        for (unsigned other = 1; other < 1000 && now() < end; other++) {
            struct tcp_md5sig key = {.tcpm_keylen = 16};
            struct sockaddr_in *address = (void *)&key.tcpm_addr;
            address->sin_family = AF_INET, address->sin_addr.s_addr = htonl(0x0a000000 + other);
            if (setsockopt(one, LEVEL_TCP, TCP_MD5SIG, &key, sizeof key)) break;
            got++;
        }
        if (!got) break;
    }
    return got;
}

static void keys(char **words) { together(atoi(words[0]), "keys", signatures, now() + atof(last(words))); }

/* groups that a socket listens to */
static long joined(int number, double end) {
    long got = 0;
    for (int made = 0; made < OWN && now() < end; made++) {
        int one = bound(AF_INET, SOCK_DGRAM), more = 1;
        for (int at = 0; one >= 0 && at < 20 && more; at++) {
            struct ip_mreqn group = {.imr_ifindex = 1};
            group.imr_multiaddr.s_addr = htonl(0xe8000000 + (number * OWN + made) * 20 + at);
            more = setsockopt(one, LEVEL_IP, JOIN_4, &group, sizeof group) == 0;
            got += more;
        }
        int other = bound(AF_INET6, SOCK_DGRAM);
        for (int at = 0, some = 1; other >= 0 && at < 3000 && some && now() < end; at++) {
            struct ipv6_mreq group = {.ipv6mr_interface = 1};
            unsigned char *bytes = (void *)&group.ipv6mr_multiaddr;
            unsigned long which = ((unsigned long)number * OWN + made) * 4096 + at;
            bytes[0] = 0xff, bytes[1] = 2;
            memcpy(bytes + 8, &which, sizeof which);
            some = setsockopt(other, LEVEL_IPV6, JOIN_6, &group, sizeof group) == 0;
            got += some;
        }
        if (one < 0 || other < 0 || !got) break;
    }
    return got;
}

static void groups(char **words) { together(atoi(words[0]), "groups", joined, now() + atof(last(words))); }

/* the machine has so many labels for all */
static void labels(char **words) {
    long got = 0;
    for (int made = 0; made < OWN; made++) {
        int one = bound(AF_INET6, SOCK_DGRAM);
        if (one < 0) break;
        for (int at = 0; at < 40; at++) {
            struct in6_flowlabel_req ask = {.flr_action = 0, .flr_share = 1, .flr_flags = 1, .flr_linger = 6};
            ask.flr_dst.s6_addr[15] = 1;
            if (setsockopt(one, LEVEL_IPV6, 32, &ask, sizeof ask)) break;
            got++;
        }
    }
    tell("labels", got);
    tell("errno", errno);
    hold(last(words));
}

/* connections that are closed with data that nobody takes */
static long orphaned(int number, double end) {
    static char data[30000];
    long made = 0;
    struct sockaddr_in to = loopback(number + 1, 0);
    socklen_t length = sizeof to;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    bind(listener, (void *)&to, sizeof to), listen(listener, BACKLOG), getsockname(listener, (void *)&to, &length);
    while (now() < end && made < 30000) {
        int one = socket(AF_INET, SOCK_STREAM, 0);
        if (one < 0 || connect(one, (void *)&to, sizeof to)) break;
        while (send(one, data, sizeof data, MSG_DONTWAIT) > 0) {}
        close(one);
        made++;
    }
    return made;
}

static void orphans(char **words) { together(atoi(words[0]), "orphans", orphaned, now() + atof(last(words))); }

/* Neighbours that are not there, at addresses that no route leads to: whoever names the interface need not have one. */
static void neighbours(char **words) {
    enum { EACH = 200 };
    long sent = 0;
    unsigned address = 0x0b000001;
    for (double end = now() + atof(last(words)); now() < end; usleep(1000)) {
        int one = socket(AF_INET, SOCK_DGRAM, 0);
        if (setsockopt(one, SOL_SOCKET, SO_BINDTODEVICE, words[0], strlen(words[0]) + 1)) break;
        for (int at = 0; at < EACH; at++) {
            struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9), .sin_addr.s_addr = htonl(address++)};
            sent += sendto(one, "x", 1, MSG_DONTWAIT, (void *)&to, sizeof to) == 1;
        }
        if (one > 900) for (int old = 3; old <= one; old++) close(old);
    }
    tell("sent", sent);
}

/* what is left of connections that have ended */
static void ended(char **words) {
    char text[4096] = {0}, *waiting;
    struct sockaddr_in to = loopback(1, 0);
    socklen_t length = sizeof to;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    bind(listener, (void *)&to, sizeof to), listen(listener, BACKLOG), getsockname(listener, (void *)&to, &length);
    for (double end = now() + atof(last(words)); now() < end;) {
        int one = socket(AF_INET, SOCK_STREAM, 0);
        if (connect(one, (void *)&to, sizeof to)) break;
        close(one), close(accept(listener, NULL, NULL));
    }
    FILE *file = fopen("/proc/net/sockstat", "r");
    if (!file || !fread(text, 1, sizeof text - 1, file) || !(waiting = strstr(text, " tw "))) exit(1);
    tell("waiting", atol(waiting + 4));
}

const struct verb KEPT[] = {
    {"backlog", backlog}, {"headers", socket_headers}, {"control-headers", control_headers}, {"keys", keys},
    {"groups", groups}, {"ended", ended}, {"labels", labels}, {"orphans", orphans},
    {"neighbours", neighbours}, {NULL, NULL},
};
