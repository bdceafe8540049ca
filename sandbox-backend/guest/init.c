/* The first process of a virtual machine: it makes the image's files the root, runs one program there, and tells the
 * machine outside what becomes of it.
 *
 * It reads /config, a row of texts that each end with a zero byte; the first letter of each says what it is (`read_config`).
 * The program's output goes out over the ports 1 (stdout) and 2 (stderr), byte for byte; port 3 carries lines of ours:
 *
 *   started PID RELEASE | refused REASON | exited CODE OOM_KILLS | killed SIGNAL OOM_KILLS
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST = 4096, CHUNK = 65536 };

static struct {
  char *argv[MOST], *env[MOST], *mounts[MOST], *cwd, *hostname, *memory, *pids;
  struct { int resource; struct rlimit value; } limits[32];
  gid_t groups[MOST];
  uid_t uid;
  gid_t gid;
  int argc, envc, mountc, limitc, groupc, read_only, tty;
} config;
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

static void write_text(const char *path, const char *text) {
  int file = open(path, O_WRONLY | O_CLOEXEC);
  if (file < 0 || write(file, text, strlen(text)) < 0) {
    perror(path);
  }
  close(file);
}

static void add(char **list, int *count, char *text) {
  if (*count < MOST - 1) {
    list[(*count)++] = text;
  }
}

static void add_limit(const char *text) {
  unsigned long long soft, hard;
  int resource;
  if (config.limitc < 32 && sscanf(text, "%d %llu %llu", &resource, &soft, &hard) == 3) {
    config.limits[config.limitc].resource = resource;
    config.limits[config.limitc++].value = (struct rlimit){soft, hard};
  }
}

static void take(char kind, char *value) {
  switch (kind) {
  case 'a': add(config.argv, &config.argc, value); break;
  case 'e': add(config.env, &config.envc, value); break;
  case 't': add(config.mounts, &config.mountc, value); break; /* a path; its flags and options come with the next one */
  case 'w': config.cwd = value; break;
  case 'h': config.hostname = value; break;
  case 'm': config.memory = value; break;
  case 'p': config.pids = value; break;
  case 'u': config.uid = strtoul(value, NULL, 10); break;
  case 'g': config.gid = strtoul(value, NULL, 10); break;
  case 'G': config.groups[config.groupc++ % MOST] = strtoul(value, NULL, 10); break;
  case 'l': add_limit(value); break;
  case 'r': config.read_only = 1; break;
  case 'T': config.tty = 1; break;
  }
}

static void read_config(void) {
  struct stat status;
  int file = open("/config", O_RDONLY | O_CLOEXEC);
  if (file < 0 || fstat(file, &status) < 0) {
    die("/config");
  }
  char *text = calloc(1, status.st_size + 1), *end = text + status.st_size;
  if (!text || read(file, text, status.st_size) != status.st_size) {
    die("/config");
  }
  close(file);
  for (; text < end; text += strlen(text) + 1) {
    take(text[0], text + 1);
  }
}

/* The kernel's drivers of the ports, in the order that they need each other; one that is built in has no file. */
static void load_drivers(void) {
  static const char *const names[] = {"virtio",      "virtio_ring", "virtio_pci_modern_dev", "virtio_pci_legacy_dev",
                                      "virtio_pci", "virtio_console"};
  char path[64];
  for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
    snprintf(path, sizeof path, "/modules/%s.ko", names[i]);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file >= 0) {
      if (syscall(SYS_finit_module, file, "", 0) < 0) {
        perror(path);
      }
      close(file);
      unlink(path);
    }
  }
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

/* The image's files become the root, as switch_root(8) does it; nothing of ours is left to be seen. */
static void enter_image(void) {
  if (mount("/image", "/image", NULL, MS_BIND, NULL) < 0 || chdir("/image") < 0) {
    die("/image");
  }
  mkdir("dev", 0755);
  if (mount("/dev", "dev", NULL, MS_MOVE, NULL) < 0 || mount(".", "/", NULL, MS_MOVE, NULL) < 0 || chroot(".") < 0) {
    die("switch_root");
  }
}

static void mount_system(void) {
  const unsigned long closed = MS_NOSUID | MS_NOEXEC | MS_NODEV;
  mount_at("proc", "/proc", closed, NULL);
  mount_at("sysfs", "/sys", closed, NULL);
  mount_at("devpts", "/dev/pts", MS_NOSUID | MS_NOEXEC, "ptmxmode=0666,mode=0620,gid=5");
  mount_at("tmpfs", "/dev/shm", closed, "mode=1777,size=65536k");
  mount_at("cgroup2", "/sys/fs/cgroup", closed, NULL);
  (void)!symlink("/proc/self/fd", "/dev/fd");
  (void)!symlink("/proc/self/fd/0", "/dev/stdin");
  (void)!symlink("/proc/self/fd/1", "/dev/stdout");
  (void)!symlink("/proc/self/fd/2", "/dev/stderr");
  for (int i = 0; i + 1 < config.mountc; i += 2) {
    char *options;
    unsigned long flags = strtoul(config.mounts[i + 1], &options, 10);
    mount_at("tmpfs", config.mounts[i], flags, options + 1);
  }
  if (config.read_only && mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL) < 0) {
    perror("read-only root");
  }
}

/* The program's limits inside, where Docker sets them too: a cgroup of its own. */
static void make_group(void) {
  write_text("/sys/fs/cgroup/cgroup.subtree_control", "+memory +pids");
  mkdir("/sys/fs/cgroup/program", 0755);
  if (config.memory) {
    write_text("/sys/fs/cgroup/program/memory.max", config.memory);
  }
  if (config.pids) {
    write_text("/sys/fs/cgroup/program/pids.max", config.pids);
  }
}

static void loopback_up(void) {
  struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
  int any = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (any < 0 || ioctl(any, SIOCSIFFLAGS, &request) < 0) {
    perror("lo");
  }
  close(any);
}

/* Why `path` cannot be executed, as an error number; 0 when it can. */
static int refusal(const char *path) {
  struct stat status;
  if (stat(path, &status) < 0) {
    return errno;
  }
  if (!S_ISREG(status.st_mode)) {
    return EPERM;
  }
  return access(path, X_OK) < 0 ? errno : 0;
}

/* The file that `name` stands for; NULL after telling why there is none, in the words that crun has for it. */
static char *find_program(const char *name) {
  static char path[8192];
  const char *folders = getenv("PATH");
  if (strchr(name, '/')) {
    int why = refusal(name);
    if (why) {
      tell("refused open executable: %s\n", strerror(why));
    }
    return why ? NULL : (char *)name;
  }
  for (; name[0] && folders; folders = strchr(folders, ':') ? strchr(folders, ':') + 1 : NULL) {
    snprintf(path, sizeof path, "%.*s/%s", (int)strcspn(folders, ":"), folders, name);
    if (!refusal(path)) {
      return path;
    }
  }
  tell("refused executable file `%s` not found in $PATH\n", name);
  return NULL;
}

static void become_user(void) {
  for (int i = 0; i < config.limitc; i++) {
    setrlimit(config.limits[i].resource, &config.limits[i].value);
  }
  if (setgroups(config.groupc, config.groups) < 0 || setresgid(config.gid, config.gid, config.gid) < 0 ||
      setresuid(config.uid, config.uid, config.uid) < 0) {
    perror("user");
    _exit(125);
  }
}

static void take_streams(int in, int out, int err) {
  setsid();
  if (config.tty && ioctl(in, TIOCSCTTY, 0) < 0) {
    perror("terminal");
  }
  if (dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0 || fchown(1, config.uid, config.gid) < 0 ||
      fchown(2, config.uid, config.gid) < 0) {
    perror("streams");
  }
}

static void run_program(int in, int out, int err) {
  sigset_t none;
  struct utsname kernel;
  write_text("/sys/fs/cgroup/program/cgroup.procs", "0");
  take_streams(in, out, err);
  become_user();
  environ = config.env;
  if (chdir(config.cwd ? config.cwd : "/") < 0) {
    tell("refused chdir to `%s`: %s\n", config.cwd, strerror(errno));
    _exit(125);
  }
  char *program = find_program(config.argv[0] ? config.argv[0] : "");
  if (!program) {
    _exit(125);
  }
  uname(&kernel);
  tell("started %d %s\n", getpid(), kernel.release);
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  execve(program, config.argv, config.env);
  /* a container's words for it, and its code */
  dprintf(2, "exec %s: %s\n", program, errno == ENOEXEC ? "exec format error" : strerror(errno));
  _exit(1);
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

/* What the program reads and writes, and the other ends of that: two pipes, or one terminal. */
struct streams {
  int in, out, err, from_out, from_err;
};

static struct streams open_pipes(void) {
  int out[2], err[2], in = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (in < 0 || pipe2(out, O_CLOEXEC) < 0 || pipe2(err, O_CLOEXEC) < 0) {
    die("pipes");
  }
  return (struct streams){in, out[1], err[1], out[0], err[0]};
}

static struct streams open_terminal(void) {
  int ours = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (ours < 0 || grantpt(ours) < 0 || unlockpt(ours) < 0) {
    die("terminal");
  }
  int theirs = open(ptsname(ours), O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (theirs < 0) {
    die("terminal");
  }
  return (struct streams){theirs, theirs, theirs, ours, -1};
}

static void supervise(const int *ports) {
  sigset_t children;
  sigemptyset(&children);
  sigaddset(&children, SIGCHLD);
  sigprocmask(SIG_BLOCK, &children, NULL);
  int signals = signalfd(-1, &children, SFD_CLOEXEC);
  struct streams streams = config.tty ? open_terminal() : open_pipes();
  pid_t program = fork();
  if (signals < 0 || program < 0) {
    die("fork");
  }
  if (program == 0) {
    run_program(streams.in, streams.out, streams.err);
  }
  close(streams.in);
  close(streams.out);
  close(streams.err);
  const int sources[] = {streams.from_out, streams.from_err};
  int status = relay(program, sources, ports, signals);
  kill(-1, SIGKILL); /* as a container ends with its first process */
  while (wait(NULL) > 0 || errno == EINTR) {
  }
  for (int i = 0; i < 2; i++) {
    while (sources[i] >= 0 && pass_on(sources[i], ports[i])) {
    }
  }
  if (WIFSIGNALED(status)) {
    tell("killed %d %ld\n", WTERMSIG(status), oom_kills());
  } else {
    tell("exited %d %ld\n", WEXITSTATUS(status), oom_kills());
  }
}

int main(void) {
  umask(0);
  mount_at("devtmpfs", "/dev", MS_NOSUID, "mode=0755");
  read_config();
  load_drivers();
  const int ports[] = {open_port(1), open_port(2)};
  control = open_port(3);
  enter_image();
  mount_system();
  make_group();
  loopback_up();
  if (config.hostname && sethostname(config.hostname, strlen(config.hostname)) < 0) {
    perror("hostname");
  }
  umask(022);
  supervise(ports);
  power_off();
}
