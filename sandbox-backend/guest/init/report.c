/* Reports on the control port what becomes of the program. */
#include "guest.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const namespaces[] = {"pid", "mnt", "net", "uts", "ipc", "user", "cgroup"};
static int control = -1;

void report_to(int port) { control = port; }

static void report(const char *format, ...) {
  va_list values;
  va_start(values, format);
  if (vdprintf(control, format, values) < 0) {
    perror("control port");
  }
  va_end(values);
}

/* The first line of a small file, in `line`, which has LINE bytes. */
void read_line(const char *path, char *line) {
  FILE *file = fopen(path, "re");
  line[0] = 0;
  if (!file || !fgets(line, LINE, file)) {
    perror(path);
  }
  line[strcspn(line, "\n")] = 0;
  if (file) {
    fclose(file);
  }
}

static unsigned long namespace_of(pid_t process, const char *name) {
  char path[64];
  struct stat status = {0};
  snprintf(path, sizeof path, "/proc/%d/ns/%s", process, name);
  return stat(path, &status) < 0 ? 0 : status.st_ino;
}

/* Sent before the program runs, because a short one would be gone. */
void report_started(pid_t program) {
  char path[64], group[LINE];
  struct utsname kernel;
  snprintf(path, sizeof path, "/proc/%d/cgroup", program);
  read_line(path, group);
  uname(&kernel);
  report("started %d %s %s", program, kernel.release, strchr(group, '/') ? strchr(group, '/') : "/");
  for (unsigned i = 0; i < sizeof namespaces / sizeof *namespaces; i++) {
    report(" %lu:%lu", namespace_of(program, namespaces[i]), namespace_of(getpid(), namespaces[i]));
  }
  report("\n");
}

/* crun's last word is all that there is on the program's stderr. */
void report_refused(int from_err) {
  char text[LINE];
  ssize_t got = read(from_err, text, sizeof text - 1);
  text[got > 0 ? got : 0] = 0;
  text[strcspn(text, "\n")] = 0;
  report("refused %s\n", text);
}

static long oom_kills(void) {
  char line[128];
  long count = 0;
  FILE *file = fopen("/proc/vmstat", "re");
  while (file && fgets(line, sizeof line, file)) {
    sscanf(line, "oom_kill %ld", &count);
  }
  return count;
}

void report_end(int status) {
  if (WIFSIGNALED(status)) {
    report("killed %d %ld\n", WTERMSIG(status), oom_kills());
  } else {
    report("exited %d %ld\n", WEXITSTATUS(status), oom_kills());
  }
}
