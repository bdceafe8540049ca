/* What a hostile program does inside a container, one attack a run. */
#include "attack.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const struct verb *const ALL[] = {
    CROWDS, DESCRIPTORS, FILES, KEPT, LEAVINGS, MESSAGES, OUTPUTS, PAGE_CACHE, PROCESSES, SLOW_PAGES, SOCKETS,
    TERMINALS,
};

double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

void tell(const char *name, long number) {
    printf("%s=%ld\n", name, number);
    fflush(stdout);
}

void hold(const char *seconds) { usleep((useconds_t)(atof(seconds) * 1e6)); }

const char *last(char **words) {
    while (words[0] && words[1]) words++;
    return words[0] ? words[0] : "0";
}

long outcome(long result) { return result < 0 ? errno : 0; }

struct sockaddr_in loopback(int host, int port) {
    struct sockaddr_in made = {.sin_family = AF_INET, .sin_port = htons(port)};
    made.sin_addr.s_addr = htonl(0x7f000000 + host);
    return made;
}

void together(int count, const char *name, long (*work)(int number, double end), double end) {
    long *got = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    for (int number = 0; number < count; number++)
        if (fork() == 0) {
            got[number] = work(number, end);
            while (now() < end) usleep(10000);
            usleep(300000);
            _exit(0);
        }
    while (now() < end) usleep(10000);
    usleep(100000);
    long sum = 0;
    for (int number = 0; number < count; number++) sum += got[number];
    tell(name, sum);
    while (wait(NULL) > 0) {}
}

int main(int count, char **arguments) {
    for (size_t table = 0; count > 1 && table < sizeof ALL / sizeof *ALL; table++)
        for (const struct verb *verb = ALL[table]; verb->name; verb++)
            if (!strcmp(verb->name, arguments[1])) {
                verb->run(arguments + 2);
                return 0;
            }
    return 2;
}
