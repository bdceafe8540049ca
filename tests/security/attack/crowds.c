/* Attacks that take as much as they can of what all have: processors, processes, files, room. */
#include "attack.h"
#include <pthread.h>
#include <sys/stat.h>
#include <sys/wait.h>

enum { STACK = 64 << 10, MOST_FOLDERS = 50000 };

/* `count` processes that do nothing but look at the clock */
void spin(int count, double seconds) {
    double end = now() + seconds;
    for (int number = 0; number < count; number++)
        if (fork() == 0) {
            while (now() < end) {}
            _exit(0);
        }
    tell("spinning", count);
    while (wait(NULL) > 0) {}
}

/* each process makes as many more as it can */
void bomb(double seconds) {
    tell("begun", 1);
    for (double end = now() + seconds; now() < end;) fork();
}

static void *idle(void *nothing) {
    pause();
    return nothing;
}

/* they end with the program */
void threads(const char *seconds) {
    pthread_attr_t small;
    pthread_t one;
    int made = 0, error = 0;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, STACK);
    while (made < MOST && (error = pthread_create(&one, &small, idle, NULL)) == 0) made++;
    tell("threads", made);
    tell("errno", error);
    hold(seconds);
}

/* folders one in the other (`deep`), or all beside each other */
void tree(const char *kind, const char *folder) {
    int deep = !strcmp(kind, "deep"), made = 0;
    char name[16] = "deeper";
    long error = outcome(chdir(folder));
    while (!error && made < MOST_FOLDERS) {
        if (!deep) snprintf(name, sizeof name, "%d", made);
        error = outcome(mkdir(name, 0755));
        if (!error) made++;
        if (!error && deep) error = outcome(chdir(name));
    }
    tell("made", made);
    tell("errno", error);
}

void fill(const char *path, const char *seconds) {
    static char data[1 << 16];
    int file = open(path, O_CREAT | O_WRONLY, 0644);
    long got, bytes = 0;
    while ((got = write(file, data, sizeof data)) > 0) bytes += got;
    tell("kib", bytes >> 10);
    tell("errno", errno);
    hold(seconds);
}
