/* What the attacks have in common. Each is a verb: `attack NAME [WORD…]`. It prints what it got, as `name=number`, and
 * holds what it has for the seconds that its last word names. */
#pragma once
#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>

enum { MOST = 5000 };

/* `words` are those after the name, and NULL after the last one */
struct verb {
    const char *name;
    void (*run)(char **words);
};

/* one table for each file, up to a row without a name */
extern const struct verb CROWDS[], DESCRIPTORS[], FILES[], KEPT[], LEAVINGS[], MESSAGES[], OUTPUTS[], PAGE_CACHE[], PROCESSES[],
    SLOW_PAGES[], SOCKETS[], TERMINALS[];

double now(void);
void tell(const char *name, long number);
void hold(const char *seconds);
const char *last(char **words);
/* 0 when it was let through, else the errno */
long outcome(long result);
struct sockaddr_in loopback(int host, int port);
/* Have `count` processes, each with a table of descriptors of its own, do `work` until `end`; the sum of what they
 * return is told as `name` when all hold what they have, and they hold it for 0.3 s more. */
void together(int count, const char *name, long (*work)(int number, double end), double end);
