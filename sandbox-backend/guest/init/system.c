/* Makes a plain system of what the kernel has started with: drivers, mounts, a root that crun can leave. */
#include "guest.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

void power_off(void) {
  sync();
  reboot(RB_AUTOBOOT); /* QEMU ends where a machine would start again */
  _exit(1);
}

void die(const char *what) {
  perror(what); /* the console is the boot log */
  power_off();
}

static int is_driver(const struct dirent *entry) {
  return strchr(entry->d_name, '.') > entry->d_name; /* not "." and ".." */
}

/* The kernel's drivers of the ports, in the order of their files' names, in which they need each other. */
void load_drivers(void) {
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

int open_port(int number) {
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

void mount_at(const char *kind, const char *path, unsigned long flags, const char *data) {
  mkdir(path, 0755);
  if (mount(kind, path, kind, flags, data) < 0) {
    perror(path);
  }
}

/* The kernel's first file system cannot be pivoted away from: it becomes a mount like any other, as switch_root(8) does
 * it, so that crun can leave it as it leaves any other root. */
void leave_first_root(void) {
  mkdir("/root", 0700);
  if (mount("/", "/root", NULL, MS_BIND, NULL) < 0 || chdir("/root") < 0 || mount("/dev", "dev", NULL, MS_MOVE, NULL) < 0 ||
      mount(".", "/", NULL, MS_MOVE, NULL) < 0 || chroot(".") < 0) {
    die("root");
  }
}

void mount_system(void) {
  const unsigned long closed = MS_NOSUID | MS_NOEXEC | MS_NODEV;
  mount_at("proc", "/proc", closed, NULL);
  mount_at("sysfs", "/sys", closed, NULL);
  mount_at("devpts", "/dev/pts", MS_NOSUID | MS_NOEXEC, "ptmxmode=0666,mode=0620,gid=5");
  mount_at("cgroup2", "/sys/fs/cgroup", closed, NULL);
  mkdir("/run", 0755);
}
