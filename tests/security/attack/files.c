/* What the kernel keeps of files and folders. */
#include "attack.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { NAMES = 12000, OWN = 1000 };

/* one entry of an access control list in the form of linux/posix_acl_xattr.h */
static void put(unsigned char *value, int number, unsigned short tag, unsigned id) {
    unsigned short permissions = 6;
    unsigned char *entry = value + 4 + 8 * number;
    memcpy(entry, &tag, 2), memcpy(entry + 2, &permissions, 2), memcpy(entry + 4, &id, 4);
}

static void acls(char **words) {
    static unsigned char value[4 + 8 * 8000] = {2};
    int entries = 0, made = 0;
    long error = 0;
    put(value, entries++, 1, ~0u);
    while (entries < 7990) {
        put(value, entries, 2, entries);
        entries++;
    }
    for (unsigned tag = 4; tag <= 32; tag *= tag == 4 ? 4 : 2) put(value, entries++, tag, ~0u);
    for (int number = 0; number < atoi(words[1]); number++) {
        char path[256];
        snprintf(path, sizeof path, "%s/a%d", words[0], number);
        close(open(path, O_CREAT | O_WRONLY, 0644));
        long got = outcome(setxattr(path, "system.posix_acl_access", value, 4 + 8 * entries, 0));
        if (got) error = got;
        else made++;
    }
    tell("made", made);
    tell("errno", error);
    hold(last(words));
}

static void locks(char **words) {
    int file = open(words[0], O_CREAT | O_RDWR, 0644);
    long made = 0, count = atol(words[1]);
    double end = now() + atof(last(words));
    for (; made < count && now() < end; made++) {
        struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 2 * (count - made), .l_len = 1};
        if (fcntl(file, F_SETLK, &lock) < 0) break;
    }
    tell("locks", made);
}

/* a lock, a lease, an owner or a watch of every open file */
static long marked(int number, double end) {
    char path[64];
    long made = 0;
    for (int at = 0; at < OWN && now() < end; at++) {
        snprintf(path, sizeof path, "/tmp/m%d-%d", number, at);
        int file = open(path, O_CREAT | O_RDWR, 0644);
        if (file < 0) break;
        made += flock(file, LOCK_EX | LOCK_NB) == 0;
        made += fcntl(file, F_SETLEASE, F_WRLCK) == 0;
        made += fcntl(file, F_SETOWN, getpid()) == 0;
    }
    int folder = open("/tmp", O_RDONLY | O_DIRECTORY);
    made += fcntl(folder, F_NOTIFY, DN_CREATE | DN_MULTISHOT) == 0;
    return made;
}

static void marks(char **words) { together(atoi(words[0]), "marks", marked, now() + atof(last(words))); }

/* Each reader of a folder that has more than one layer keeps a list of its names as they were when it began. */
static void listings(char **words) {
    static char names[NAMES][240];
    static char into[1 << 16];
    double end = now() + atof(last(words));
    long kept = 0;
    int folder = open(words[0], O_RDONLY | O_DIRECTORY);
    for (int at = 0; at < NAMES; at++) {
        memset(names[at], 'n', sizeof names[at] - 1);
        snprintf(names[at], 16, "%08d", at);
        names[at][8] = 'n';
        close(openat(folder, names[at], O_CREAT | O_WRONLY, 0644));
    }
    for (; now() < end; kept++) {
        int one = open(words[0], O_RDONLY | O_DIRECTORY);
        if (one < 0 || syscall(SYS_getdents64, one, into, sizeof into) <= 0) break;
        unlinkat(folder, "changed", 0);
        close(openat(folder, "changed", O_CREAT | O_WRONLY, 0644));
    }
    tell("kept", kept);
    hold("0.3");
}

/* as many files as are named, each of which is closed at once */
static void named(char **words) {
    char path[64];
    int made = 0;
    for (; made < atoi(words[1]); made++) {
        snprintf(path, sizeof path, "%s/f%d", words[0], made);
        int one = open(path, O_CREAT | O_WRONLY, 0644);
        if (one < 0) break;
        close(one);
    }
    tell("named", made);
    hold(last(words));
}

static void symlinks(char **words) {
    char to[128] = {0}, path[64];
    long made = 0;
    memset(to, 'x', sizeof to - 2);
    for (double end = now() + atof(last(words)); now() < end; made++) {
        snprintf(path, sizeof path, "%s/l%ld", words[0], made);
        if (symlink(to, path)) break;
    }
    tell("links", made);
    hold("0.3");
}

static void names(char **words) {
    char path[300], filler[200] = {0};
    long looked = 0;
    memset(filler, 'n', sizeof filler - 1);
    for (double end = now() + atof(last(words)); now() < end; looked++) {
        snprintf(path, sizeof path, "%s/none%ld%s", words[1] ? words[0] : "/tmp", looked, words[1] ? filler : "");
        if (access(path, F_OK) == 0) break;
    }
    tell("names", looked);
}

static void watch(char **words) {
    int notify = inotify_init1(IN_NONBLOCK);
    tell("watch", outcome(inotify_add_watch(notify, words[0], IN_ALL_EVENTS)));
    struct pollfd ready = {notify, POLLIN, 0};
    tell("seen", poll(&ready, 1, (int)(atof(last(words)) * 1000)));
}

static void allocate(char **words) {
    int file = open(words[0], O_CREAT | O_RDWR, 0644);
    tell("truncate", outcome(ftruncate(file, 1L << 40)));
    tell("fallocate", outcome(fallocate(file, 0, 0, 1L << 40)));
}

static void lock_file(char **words) {
    tell("errno", outcome(flock(open(words[0], O_RDONLY), LOCK_EX | LOCK_NB)));
    hold(last(words));
}

static void write_out(char **words) {
    double begun = now();
    sync();
    tell("errno", outcome(syncfs(open(words[0], O_RDONLY))));
    tell("milliseconds", (long)((now() - begun) * 1000));
}

const struct verb FILES[] = {
    {"acls", acls}, {"locks", locks}, {"marks", marks}, {"listings", listings}, {"symlinks", symlinks},
    {"named", named}, {"names", names}, {"watch", watch}, {"allocate", allocate}, {"flock", lock_file}, {"sync", write_out},
    {NULL, NULL},
};
