/* Processes, their timers, signals and users. */
#include "attack.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void write_forever(double end) {
    static char data[1 << 16];
    struct iovec vector = {data, sizeof data};
    fcntl(1, F_SETFL, O_NONBLOCK);
    while (now() < end) vmsplice(1, &vector, 1, SPLICE_F_NONBLOCK);
}

/* processes that write for ever after the first one has ended */
static void writers(char **words) {
    for (int number = 0; number < atoi(words[0]); number++)
        if (fork() == 0) {
            write_forever(now() + atof(last(words)));
            _exit(0);
        }
    usleep(200000);
}

static void lower_oom_score(char **words) {
    int file = open("/proc/self/oom_score_adj", O_WRONLY);
    (void)words;
    tell("lowered", write(file, "0", 1) == 1);
}

/* the limit of core files, lowered by either call, and what it is then */
static void lower_core(char **words) {
    struct rlimit none = {0, 0}, now_is;
    (void)words;
    tell("set", outcome(syscall(SYS_setrlimit, RLIMIT_CORE, &none)));
    tell("changed", outcome(syscall(SYS_prlimit64, 0, RLIMIT_CORE, &none, NULL)));
    tell("asked", outcome(syscall(SYS_prlimit64, 0, RLIMIT_CORE, NULL, &now_is)));
    tell("limit", (long)now_is.rlim_cur);
}

static void crash(char **words) {
    (void)words;
    abort();
}

/* timers and signals of as many users as there are */
static long waiting(int number, double end) {
    struct sigevent quiet = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN};
    sigset_t all;
    long got = 0;
    sigfillset(&all), sigprocmask(SIG_BLOCK, &all, NULL);
    if (setresuid(2000 + number, 2000 + number, 2000 + number)) return 0;
    for (timer_t one; now() < end && syscall(SYS_timer_create, CLOCK_MONOTONIC, &quiet, &one) == 0; got++) {}
    while (now() < end && sigqueue(getpid(), SIGRTMIN + 1, (union sigval){0}) == 0) got++;
    return got;
}

static void timers(char **words) { together(atoi(words[0]), "timers", waiting, now() + atof(last(words))); }

/* the kernel kills what needs too much, and writes a line about each */
static void kills(char **words) {
    long killed = 0;
    for (double end = now() + atof(last(words)); now() < end; killed++) {
        pid_t child = fork();
        if (child == 0)
            for (;;) memset(mmap(NULL, 1 << 22, PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), 1, 1 << 22);
        if (child < 0 || waitpid(child, NULL, 0) < 0) break;
    }
    tell("killed", killed);
}

/* files that each belong to another user keep that user's record */
static void users(char **words) {
    long made = 0;
    double end = now() + atof(last(words));
    int ends[2];
    for (int process = 0; process < 60 && now() < end; process++) {
        if (pipe(ends)) break;
        if (fork() == 0) {
            for (int at = 0; at < 1000; at++) {
                int user = 1000 + process * 1000 + at;
                if (setresuid(user, user, 0) || open("/etc/hosts", O_RDONLY) < 0 || seteuid(0)) break;
                made++;
            }
            if (write(ends[1], &made, sizeof made) < 0) _exit(1);
            while (now() < end) usleep(10000);
            _exit(0);
        }
        long got = 0;
        if (read(ends[0], &got, sizeof got) > 0) made += got;
        close(ends[0]), close(ends[1]);
    }
    tell("users", made);
    hold(last(words));
}

/* files that each belong to somebody with 65,536 groups */
static void credentials(char **words) {
    static gid_t many[65536];
    long made = 0;
    double end = now() + atof(last(words));
    for (; now() < end; made++) {
        for (int at = 0; at < 65536; at++) many[at] = (at + made) % 65536;
        if (syscall(SYS_setgroups, 65536, many) || open("/etc/hosts", O_RDONLY) < 0) break;
    }
    tell("lists", made);
    hold("0.3");
}

/* pages of memory that each have rights of their own */
static long cut_up(int number, double end) {
    enum { PAGES = 60000 };
    long made = 0;
    (void)number;
    for (; made < 16 * PAGES && now() < end; made++) {
        char *got = mmap(NULL, 4096, made % 2 ? PROT_READ : PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (got == MAP_FAILED) break;
    }
    return made;
}

static void areas(char **words) { together(atoi(words[0]), "areas", cut_up, now() + atof(last(words))); }

/* tables for memory of which one page in each 2 MiB is read */
static void page_tables(char **words) {
    long made = 0;
    double end = now() + atof(last(words));
    for (; now() < end; made++) {
        volatile char *got = mmap(NULL, 1L << 32, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (got == MAP_FAILED) break;
        for (long at = 0; at < 1L << 32 && now() < end; at += 2 << 20) (void)got[at];
    }
    tell("stretches", made);
    hold("0.3");
}

/* memory of many areas takes long to copy, and nobody else reads of it meanwhile */
static long copied(int number, double end) {
    enum { AREAS = 15000 };
    long copies = 0;
    (void)number;
    for (int area = 0; area < AREAS; area++)
        mmap(NULL, 4096, area % 2 ? PROT_READ : PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (; now() < end; copies++) {
        pid_t copy = fork();
        if (copy == 0) _exit(0);
        waitpid(copy, NULL, 0);
    }
    return copies;
}

static void locked(char **words) { together(atoi(words[0]), "copies", copied, now() + atof(last(words))); }

/* rules of a program about itself */
static void rulesets(char **words) {
    struct { unsigned long files; unsigned long net; unsigned long scoped; } rights = {1, 2, 0};
    struct { unsigned long allowed; unsigned long port; } rule = {2, 0};
    long made = 0;
    for (double end = now() + atof(last(words)); now() < end;) {
        int set = syscall(SYS_landlock_create_ruleset, &rights, 16, 0);
        if (set < 0) break;
        for (rule.port = 0; rule.port < 65536 && now() < end; rule.port++) {
            if (syscall(SYS_landlock_add_rule, set, 2, &rule, 0)) break;
            made++;
        }
    }
    tell("rules", made);
    hold("0.3");
}

static void pages(char **words) {
    enum { HUGE = 0x40000, LAZY = 0x4000 };
    (void)words;
    void *got = mmap(NULL, 2 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | HUGE | LAZY, -1, 0);
    tell("mapped", got == MAP_FAILED ? errno : 0);
    tell("file", outcome(memfd_create("huge", 4)));
    tell("merged", outcome(madvise((void *)((unsigned long)&crash & ~4095ul), 4096, 12)));
}

static void bargains(char **words) {
    struct sched_param first = {.sched_priority = 1};
    (void)words;
    tell("fifo", outcome(sched_setscheduler(0, SCHED_FIFO, &first)));
    errno = 0;
    tell("nice", outcome(setpriority(PRIO_PROCESS, 0, -5)));
    /* or a worse one, which those wait for that wait for what one has */
    tell("last", outcome(setpriority(PRIO_PROCESS, 0, 19)));
    first.sched_priority = 0;
    tell("idle", outcome(sched_setscheduler(0, SCHED_IDLE, &first)));
    tell("class", sched_getscheduler(0));
    tell("place", getpriority(PRIO_PROCESS, 0));
    tell("core", outcome(prctl(62, 1, 0, 1, 0)));
    tell("hash", outcome(prctl(78, 1, 1 << 20, 0, 0)));
}

const struct verb PROCESSES[] = {
    {"writers", writers}, {"oom", lower_oom_score}, {"abort", crash}, {"lower-core", lower_core}, {"timers", timers}, {"kills", kills},
    {"credentials", credentials}, {"areas", areas}, {"locked", locked}, {"page-tables", page_tables}, {"rulesets", rulesets},
    {"users", users}, {"pages", pages}, {"bargains", bargains}, {NULL, NULL},
};
