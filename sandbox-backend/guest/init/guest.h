/* What the parts of the first process know of each other. */
#ifndef GUEST_H
#define GUEST_H
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/types.h>

enum { CHUNK = 65536, LINE = 4096 };

/* system.c */
void die(const char *what);
void power_off(void);
void load_drivers(void);
int open_port(int number);
void mount_at(const char *kind, const char *path, unsigned long flags, const char *data);
void leave_first_root(void);
void mount_system(void);

/* container.c: what the program reads and writes, and the other ends of that */
struct streams {
  int in, out, err, from_out, from_err;
};
struct streams open_streams(void);
int listen_for_terminal(void);
int take_terminal(int listener);
int sealed_crun(void);
int create(int program, struct streams streams);
int start(int program, struct streams streams);
pid_t created(void);

/* report.c: the lines on the control port */
void report_to(int port);
void report_started(pid_t program);
void report_refused(int from_err);
void report_end(int status);

/* The first line of a small file, in `line`, which has LINE bytes. */
void read_line(const char *path, char *line);

#endif
