/* Terminals. */
#include "attack.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

enum { MANY = 200 };

static char data[1 << 16];

static int opened(int *masters, int *slaves) {
    int made = 0, unlock = 0;
    while (made < MANY && (masters[made] = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK)) >= 0) {
        ioctl(masters[made], TIOCSPTLCK, &unlock);
        slaves[made] = ioctl(masters[made], TIOCGPTPEER, O_RDWR | O_NOCTTY | O_NONBLOCK);
        made++;
    }
    return made;
}

static void terminals(char **words) {
    int masters[MANY], slaves[MANY];
    tell("terminals", opened(masters, slaves));
    tell("errno", errno);
    hold(last(words));
}

/* what is written and not read, both ways */
static void full_terminals(char **words) {
    int masters[MANY], slaves[MANY], made = opened(masters, slaves);
    long written = 0;
    memset(data, 'x', sizeof data);
    for (int at = 0; at < made; at++) {
        struct termios raw;
        tcgetattr(slaves[at], &raw), cfmakeraw(&raw), tcsetattr(slaves[at], TCSANOW, &raw);
    }
    for (double end = now() + atof(last(words)); now() < end;)
        for (int at = 0; at < made; at++) {
            long got = write(masters[at], data, sizeof data), back = write(slaves[at], data, sizeof data);
            written += (got > 0 ? got : 0) + (back > 0 ? back : 0);
        }
    tell("terminals", made);
    tell("written", written);
    hold("0.3");
}

const struct verb TERMINALS[] = {
    {"terminals", terminals}, {"full-terminals", full_terminals}, {NULL, NULL},
};
