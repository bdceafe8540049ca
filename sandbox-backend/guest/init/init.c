/* The first process of a virtual machine: it has crun make a container of the image's files there, and reports to
 * the machine outside what becomes of it.
 *
 * crun reads /config.json, the container's OCI configuration. The program's output goes out over the ports 1 (stdout) and
 * 2 (stderr), byte for byte; port 3 carries reports:
 *
 *   started PID RELEASE CGROUP [INSIDE:OWN]… | refused REASON | exited CODE OOM_KILLS | killed SIGNAL OOM_KILLS
 *
 * PID and CGROUP are the program's as this machine sees them; each INSIDE:OWN is a namespace of the program and the same
 * kind of this process, in the order of `namespaces`.
 */
#include "guest.h"

#include <poll.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

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

static void follow(pid_t program, const int *sources, const int *ports, int signals) {
  int status = relay(program, sources, ports, signals);
  for (int i = 0; i < 2; i++) {
    while (sources[i] >= 0 && pass_on(sources[i], ports[i])) {
    }
  }
  report_end(status);
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
    report_refused(streams.from_err);
    return;
  }
  int terminal = take_terminal(listener);
  pid_t program = created();
  report_started(program);
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
  report_to(open_port(3));
  leave_first_root();
  mount_system();
  umask(022);
  supervise(ports);
  power_off();
}
