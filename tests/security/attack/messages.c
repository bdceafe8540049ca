/* Memory between processes. */
#include "attack.h"

#include <fcntl.h>
#include <mqueue.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static char data[1 << 16];

static void memory_files(char **words) {
    static char much[1 << 20];
    long written = 0;
    memset(much, 1, sizeof much);
    int file = memfd_create("fill", 0);
    for (double end = now() + atof(last(words)); now() < end && write(file, much, sizeof much) > 0;) written++;
    tell("written", written);
    hold("0.2");
}

static void full_pipes(char **words) {
    int made = 0, ends[2];
    for (; made < MOST && pipe2(ends, O_NONBLOCK) == 0; made++) {
        fcntl(ends[1], F_SETPIPE_SZ, 1 << 20);
        while (write(ends[1], data, sizeof data) > 0) {}
    }
    tell("pipes", made);
    hold(last(words));
}

static void meet(char **words) {
    struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = "\0meeting"};
    socklen_t length = offsetof(struct sockaddr_un, sun_path) + 8;
    int one = socket(AF_UNIX, SOCK_STREAM, 0);
    struct mq_attr attributes = {.mq_maxmsg = 1, .mq_msgsize = 8};
    if (!strcmp(words[0], "hold")) {
        tell("socket", outcome(bind(one, (struct sockaddr *)&name, length)));
        listen(one, 1);
        tell("posix", outcome(mq_open("/meeting", O_CREAT | O_RDWR, 0666, &attributes)));
        tell("system-v", outcome(msgget(0x6d656574, IPC_CREAT | 0666)));
    } else {
        tell("socket", outcome(connect(one, (struct sockaddr *)&name, length)));
        tell("posix", outcome(mq_open("/meeting", O_RDWR)));
        tell("system-v", outcome(msgget(0x6d656574, 0)));
    }
    hold(last(words));
}

static void segments(char **words) {
    long made = 0;
    double end = now() + atof(last(words));
    for (int one; now() < end && (one = shmget(IPC_PRIVATE, 1 << 16, IPC_CREAT | 0600)) >= 0; made++) {
        char *at = shmat(one, NULL, 0);
        if (at == (void *)-1) break;
        memset(at, 1, 1 << 16), shmdt(at);
    }
    tell("segments", made);
    hold("0.3");
}

static void empty_segments(char **words) {
    long made = 0;
    double end = now() + atof(last(words));
    while (now() < end && shmget(IPC_PRIVATE, 1 << 16, IPC_CREAT | 0600) >= 0) made++;
    tell("segments", made);
    hold("0.3");
}

static void semaphores(char **words) {
    long made = 0;
    double end = now() + atof(last(words));
    while (now() < end && semget(IPC_PRIVATE, 1000, IPC_CREAT | 0600) >= 0) made++;
    tell("sets", made);
    hold("0.3");
}

static void letters(char **words) {
    struct {
        long type;
        char text[8000];
    } message = {1, {0}};
    long sent = 0;
    double end = now() + atof(last(words));
    for (int one; now() < end && (one = msgget(IPC_PRIVATE, IPC_CREAT | 0600)) >= 0;)
        while (now() < end && msgsnd(one, &message, sizeof message.text, IPC_NOWAIT) == 0) sent++;
    tell("sent", sent);
    hold("0.3");
}

/* each user has so many bytes of them, and a container has 65,536 users */
static void posix_letters(char **words) {
    struct mq_attr attributes = {.mq_maxmsg = 10, .mq_msgsize = 8192};
    long sent = 0, made = 0;
    double end = now() + atof(last(words));
    for (int user = 0; now() < end && user < 60000; user++) {
        char name[32];
        if (seteuid(0) || setresuid(user, user, 0)) break;
        for (int at = 0; at < 12; at++) {
            snprintf(name, sizeof name, "/q%d-%d", user, at);
            mqd_t one = mq_open(name, O_CREAT | O_RDWR | O_NONBLOCK, 0600, &attributes);
            if (one < 0) break;
            made++;
            while (mq_send(one, data, 8192, 0) == 0) sent++;
            mq_close(one);
        }
    }
    tell("queues", made);
    tell("sent", sent);
    hold("0.3");
}

const struct verb MESSAGES[] = {
    {"memory-files", memory_files}, {"full-pipes", full_pipes}, {"queues", meet}, {"segments", segments},
    {"empty-segments", empty_segments}, {"semaphores", semaphores}, {"letters", letters},
    {"posix-letters", posix_letters}, {NULL, NULL},
};
