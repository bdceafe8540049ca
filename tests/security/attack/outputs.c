/* What a container has in common with whoever reads its output: a pipe, and a parent; and what whoever reads its files
 * when it has ended has. */
#include "attack.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { PAGE = 4096, PAGES = 64, WRITERS = 4, EACH = 50000 };

/* Pages of a file that are on the disk alone. */
static char *on_disk(const char *path) {
    char *data = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int file = open(path, O_CREAT | O_RDWR | O_DIRECT, 0600);
    memset(data, 'x', PAGES * PAGE);
    if (write(file, data, PAGES * PAGE) != PAGES * PAGE) exit(1);
    return mmap(NULL, PAGES * PAGE, PROT_READ, MAP_SHARED, file, 0);
}

/* Write what is on a slow disk, for some seconds: the pipe is locked until it has come. */
static void held(char **words) {
    char *pages = on_disk(words[0]);
    tell("begun", 1);
    usleep(200000);
    /* others see to it that there is something to read when it is locked */
    for (int number = 0; number < WRITERS; number++)
        if (fork() == 0) {
            for (int left = EACH; left > 0; left--)
                if (write(1, "x", 1) < 0) break;
            _exit(0);
        }
    usleep(1000);
    if (fork() == 0) _exit(write(1, pages, 1) < 0);
    hold(last(words));
}

/* Whoever looks at a file for which a program could not be started reads a page that is on its way from a slow disk for
 * a process that is killed: the output says so, or the exit code. */
static void unread(char **words) {
    fprintf(stderr, "{\"msg\":\"exec container process `%s`: Exec format error\",\"level\":\"error\",\"time\":\"x\"}\n",
            words[0]);
    usleep(300000);
    unlink(words[0]);
    on_disk(words[0]);
    pid_t reader = fork();
    if (reader == 0) {
        char byte;
        _exit(read(open(words[0], O_RDONLY), &byte, 1) < 0);
    }
    tell("reading", 1);
    usleep(500000);
    kill(reader, SIGKILL);
    exit(atoi(last(words)));
}

/* Have whoever reads the output signal for as many descriptors of it as there are, each to a whole group. */
static long signalled_one(int number, double end) {
    long made = 0;
    (void)number;
    for (int at = 0; at < 900 && now() < end; at++) {
        int one = open("/proc/self/fd/1", O_WRONLY | O_NONBLOCK);
        if (one < 0 || fcntl(one, F_SETOWN, -getpgrp()) || fcntl(one, F_SETFL, O_NONBLOCK | O_ASYNC)) break;
        made++;
    }
    return made;
}

static void signalled(char **words) {
    double end = now() + atof(last(words));
    signal(SIGIO, SIG_IGN);
    setpgid(0, 0);
    together(atoi(words[0]), "signalled", signalled_one, end);
}

/* Children of one's own parent, which end at once. */
static void siblings(char **words) {
    long made = 0;
    for (int left = atoi(last(words)); left > 0; left--) {
        long one = syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0);
        if (one == 0) _exit(0);
        made += one > 0;
    }
    tell("siblings", made);
}

const struct verb OUTPUTS[] = {
    {"held", held}, {"unread", unread}, {"signalled", signalled}, {"siblings", siblings}, {NULL, NULL},
};
