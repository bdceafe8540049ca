/* What every attack is written with. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { MOST = 5000, PIECE = 60000 };

static inline double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

static inline void tell(const char *name, long number) {
    printf("%s=%ld\n", name, number);
    fflush(stdout);
}

static inline void hold(const char *seconds) { usleep((useconds_t)(atof(seconds) * 1e6)); }

/* 0 when it was let through, else the errno */
static inline long outcome(long result) { return result < 0 ? errno : 0; }

/* crowds.c */
void spin(int count, double seconds);
void bomb(double seconds);
void threads(const char *seconds);
void tree(const char *kind, const char *folder);
void fill(const char *path, const char *seconds);

/* page_cache.c */
void page_cache(const char *path);
void sum(const char *path);
