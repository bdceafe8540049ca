/* The first process of a virtual machine: it has crun make a container of the image's files there, and tells the machine
 * outside what becomes of it.
 *
 * crun reads /config.json, the container's OCI configuration. The program's output goes out over the ports 1 (stdout) and
 * 2 (stderr), byte for byte; port 3 carries lines of ours:
 *
 *   started PID RELEASE CGROUP [INSIDE:OWN]… | refused REASON | exited CODE OOM_KILLS | killed SIGNAL OOM_KILLS
 *
 * PID and CGROUP are the program's as this machine sees them; each INSIDE:OWN is a namespace of the program and the same
 * kind of this process, in the order of `namespaces`.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/sendfile.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CHUNK = 65536, LINE = 4096 };

static const char *const namespaces[] = {"pid", "mnt", "net", "uts", "ipc", "user", "cgroup"};
static const char container[] = "container", console[] = "/console";
static int control = -1;

static void tell(const char *format, ...) {
  va_list values;
  va_start(values, format);
  if (vdprintf(control, format, values) < 0) {
    perror("control port");
  }
  va_end(values);
}

static void power_off(void) {
  sync();
  reboot(RB_AUTOBOOT); /* QEMU ends where a machine would start again */
  _exit(1);
}

static void die(const char *what) {
  perror(what); /* the console is the boot log */
  power_off();
}

static int is_driver(const struct dirent *entry) {
  return strchr(entry->d_name, '.') > entry->d_name; /* not "." and ".." */
}

/* The kernel's drivers of the ports, in the order of their files' names, in which they need each other. */
static void load_drivers(void) {
  struct dirent **drivers;
  int count = scandir("/modules", &drivers, is_driver, alphasort);
  if (count < 0) {
    die("/modules");
  }
  for (int i = 0; i < count; i++) {
    char path[sizeof "/modules/" + sizeof drivers[i]->d_name];
    snprintf(path, sizeof path, "/modules/%s", drivers[i]->d_name);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0 || syscall(SYS_finit_module, file, "", 0) < 0) {
      perror(path);
    }
    close(file);
    unlink(path);
    free(drivers[i]);
  }
  free(drivers);
}

static int open_port(int number) {
  char path[32];
  snprintf(path, sizeof path, "/dev/vport0p%d", number);
  for (int tries = 0; tries < 5000; tries++) {
    int port = open(path, O_RDWR | O_CLOEXEC);
    if (port >= 0) {
      return port;
    }
    usleep(1000);
  }
  die(path);
  return -1;
}

static void mount_at(const char *kind, const char *path, unsigned long flags, const char *data) {
  mkdir(path, 0755);
  if (mount(kind, path, kind, flags, data) < 0) {
    perror(path);
  }
}

/* The kernel's first file system cannot be pivoted away from: it becomes a mount like any other, as switch_root(8) does
 * it, so that crun can leave it as it leaves any other root. */
static void leave_first_root(void) {
  mkdir("/root", 0700);
  if (mount("/", "/root", NULL, MS_BIND, NULL) < 0 || chdir("/root") < 0 || mount("/dev", "dev", NULL, MS_MOVE, NULL) < 0 ||
      mount(".", "/", NULL, MS_MOVE, NULL) < 0 || chroot(".") < 0) {
    die("root");
  }
}

static void mount_system(void) {
  const unsigned long closed = MS_NOSUID | MS_NOEXEC | MS_NODEV;
  mount_at("proc", "/proc", closed, NULL);
  mount_at("sysfs", "/sys", closed, NULL);
  mount_at("devpts", "/dev/pts", MS_NOSUID | MS_NOEXEC, "ptmxmode=0666,mode=0620,gid=5");
  mount_at("cgroup2", "/sys/fs/cgroup", closed, NULL);
  mkdir("/run", 0755);
}

/* What the program reads and writes, and the other ends of that. */
struct streams {
  int in, out, err, from_out, from_err;
};

static struct streams open_streams(void) {
  int out[2], err[2], in = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (in < 0 || pipe2(out, O_CLOEXEC) < 0 || pipe2(err, O_CLOEXEC) < 0) {
    die("pipes");
  }
  return (struct streams){in, out[1], err[1], out[0], err[0]};
}

/* Where crun sends the container's terminal, if it is to have one. */
static int listen_for_terminal(void) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  strcpy(address.sun_path, console);
  if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof address) < 0 || listen(listener, 1) < 0) {
    die(console);
  }
  return listener;
}

/* The terminal that crun has sent; -1 when the container has none, though crun connects then too. */
static int take_terminal(int listener) {
  char name[LINE], room[CMSG_SPACE(sizeof(int))];
  struct iovec text = {name, sizeof name};
  struct msghdr message = {.msg_iov = &text, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof room};
  int terminal = -1, sender = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
  if (sender >= 0 && recvmsg(sender, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT) >= 0 && CMSG_FIRSTHDR(&message)) {
    memcpy(&terminal, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof terminal);
  }
  close(sender);
  close(listener);
  return terminal;
}

/* A sealed copy of crun. It makes one of itself at every start, against containers that would overwrite it
 * (CVE-2019-5736), and executes it; finding itself to be one already, it saves that second start. */
static int sealed_crun(void) {
  int program = open("/usr/bin/crun", O_RDONLY | O_CLOEXEC), copy = memfd_create("crun", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (program < 0 || copy < 0) {
    die("crun");
  }
  while (sendfile(copy, program, NULL, CHUNK) > 0) {
  }
  if (fcntl(copy, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0) {
    die("seals");
  }
  close(program);
  return copy;
}

/* Have crun do `words`, with the program's streams; whether it could. */
static int crun(int program, struct streams streams, char *const *words) {
  int status;
  pid_t runtime = fork();
  if (runtime < 0) {
    die("fork");
  }
  if (runtime == 0) {
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (dup2(streams.in, 0) == 0 && dup2(streams.out, 1) == 1 && dup2(streams.err, 2) == 2) {
      fexecve(program, words, environ);
    }
    perror("crun");
    _exit(127);
  }
  return waitpid(runtime, &status, 0) == runtime && status == 0;
}

static int create(int program, struct streams streams) {
  char *words[] = {"crun",       "--log-format=json", "--cgroup-manager=cgroupfs", "create",         "--bundle=/",
                   "--pid-file", "/pid",              "--console-socket",          (char *)console, (char *)container,
                   NULL};
  return crun(program, streams, words);
}

static int start(int program, struct streams streams) {
  char *words[] = {"crun", "--log-format=json", "--cgroup-manager=cgroupfs", "start", (char *)container, NULL};
  return crun(program, streams, words);
}

/* The first line of a small file, in `line`, which has LINE bytes. */
static void read_line(const char *path, char *line) {
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

static pid_t created(void) {
  char line[LINE];
  read_line("/pid", line);
  return atoi(line);
}

static unsigned long namespace_of(pid_t process, const char *name) {
  char path[64];
  struct stat status = {0};
  snprintf(path, sizeof path, "/proc/%d/ns/%s", process, name);
  return stat(path, &status) < 0 ? 0 : status.st_ino;
}

/* Told before the program runs, because a short one would be gone. */
static void tell_started(pid_t program) {
  char path[64], group[LINE];
  struct utsname kernel;
  snprintf(path, sizeof path, "/proc/%d/cgroup", program);
  read_line(path, group);
  uname(&kernel);
  tell("started %d %s %s", program, kernel.release, strchr(group, '/') ? strchr(group, '/') : "/");
  for (unsigned i = 0; i < sizeof namespaces / sizeof *namespaces; i++) {
    tell(" %lu:%lu", namespace_of(program, namespaces[i]), namespace_of(getpid(), namespaces[i]));
  }
  tell("\n");
}

/* crun's last word is all that there is on the program's stderr. */
static void tell_refused(int from_err) {
  char text[LINE];
  ssize_t got = read(from_err, text, sizeof text - 1);
  text[got > 0 ? got : 0] = 0;
  text[strcspn(text, "\n")] = 0;
  tell("refused %s\n", text);
}

static int pass_on(int from, int port) {
  static char chunk[CHUNK];
  ssize_t got = read(from, chunk, sizeof chunk);
  for (ssize_t done = 0, wrote; done < got; done += wrote) {
    wrote = write(port, chunk + done, got - done);
    if (wrote < 0) {
      die("port");
    }
  }
  return got > 0;
}

/* How the program has ended, once it has; its output goes out meanwhile. */
static int relay(pid_t program, const int *pipes, const int *ports, int signals) {
  struct pollfd waiting[3] = {{pipes[0], POLLIN, 0}, {pipes[1], POLLIN, 0}, {signals, POLLIN, 0}};
  struct signalfd_siginfo ignored;
  int status;
  for (;;) {
    poll(waiting, 3, -1);
    for (int i = 0; i < 2; i++) {
      if (waiting[i].revents && !pass_on(pipes[i], ports[i]) && (waiting[i].revents & POLLHUP)) {
        waiting[i].fd = -1; /* all writers are gone */
      }
    }
    if (waiting[2].revents && read(signals, &ignored, sizeof ignored) > 0) {
      for (pid_t ended; (ended = waitpid(-1, &status, WNOHANG)) > 0;) {
        if (ended == program) {
          return status;
        }
      }
    }
  }
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

static void tell_end(int status) {
  if (WIFSIGNALED(status)) {
    tell("killed %d %ld\n", WTERMSIG(status), oom_kills());
  } else {
    tell("exited %d %ld\n", WEXITSTATUS(status), oom_kills());
  }
}

static void follow(pid_t program, const int *sources, const int *ports, int signals) {
  int status = relay(program, sources, ports, signals);
  for (int i = 0; i < 2; i++) {
    while (sources[i] >= 0 && pass_on(sources[i], ports[i])) {
    }
  }
  tell_end(status);
}

static void supervise(const int *ports) {
  sigset_t children;
  sigemptyset(&children);
  sigaddset(&children, SIGCHLD);
  sigprocmask(SIG_BLOCK, &children, NULL);
  int signals = signalfd(-1, &children, SFD_CLOEXEC), listener = listen_for_terminal();
  int runtime = sealed_crun();
  struct streams streams = open_streams();
  if (!create(runtime, streams)) {
    tell_refused(streams.from_err);
    return;
  }
  int terminal = take_terminal(listener);
  pid_t program = created();
  tell_started(program);
  start(runtime, streams);
  close(streams.out);
  close(streams.err);
  const int sources[] = {terminal < 0 ? streams.from_out : terminal, terminal < 0 ? streams.from_err : -1};
  follow(program, sources, ports, signals);
}

int main(void) {
  umask(0);
  mount_at("devtmpfs", "/dev", MS_NOSUID, "mode=0755");
  load_drivers();
  const int ports[] = {open_port(1), open_port(2)};
  control = open_port(3);
  leave_first_root();
  mount_system();
  umask(022);
  supervise(ports);
  power_off();
}
