/* Attacks that take as much as they can of what all have: processors, processes, files, room. */
#include "attack.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STACK = 64 << 10, MOST_FOLDERS = 50000 };

/* as many processes as are named first, that do nothing but look at the clock */
static void spin(char **words) {
    int count = atoi(words[0]);
    double end = now() + atof(last(words));
    for (int number = 0; number < count; number++)
        if (fork() == 0) {
            while (now() < end) {}
            _exit(0);
        }
    tell("spinning", count);
    while (wait(NULL) > 0) {}
}

/* each process makes as many more as it can */
static void bomb(char **words) {
    tell("begun", 1);
    for (double end = now() + atof(last(words)); now() < end;) fork();
}

static void *idle(void *nothing) {
    pause();
    return nothing;
}

/* they end with the program */
static void threads(char **words) {
    pthread_attr_t small;
    pthread_t one;
    int made = 0, error = 0;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, STACK);
    while (made < MOST && (error = pthread_create(&one, &small, idle, NULL)) == 0) made++;
    tell("threads", made);
    tell("errno", error);
    hold(last(words));
}

/* folders one in the other (`deep`), or all beside each other */
static void tree(char **words) {
    int deep = !strcmp(words[0], "deep"), made = 0;
    char name[16] = "deeper";
    long error = outcome(chdir(words[1]));
    while (!error && made < MOST_FOLDERS) {
        if (!deep) snprintf(name, sizeof name, "%d", made);
        error = outcome(mkdir(name, 0755));
        if (!error) made++;
        if (!error && deep) error = outcome(chdir(name));
    }
    tell("made", made);
    tell("errno", error);
}

static void fill(char **words) {
    static char data[1 << 16];
    int file = open(words[0], O_CREAT | O_WRONLY, 0644);
    long got, bytes = 0;
    while ((got = write(file, data, sizeof data)) > 0) bytes += got;
    tell("kib", bytes >> 10);
    tell("errno", errno);
    hold(last(words));
}

const struct verb CROWDS[] = {
    {"spin", spin}, {"bomb", bomb}, {"threads", threads}, {"tree", tree}, {"fill", fill}, {NULL, NULL},
};
