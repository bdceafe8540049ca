/* Has crun create and start the container, with pipes or a terminal for its output. */
#include "guest.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static const char container[] = "container", console[] = "/console";

struct streams open_streams(void) {
  int out[2], err[2], in = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (in < 0 || pipe2(out, O_CLOEXEC) < 0 || pipe2(err, O_CLOEXEC) < 0) {
    die("pipes");
  }
  return (struct streams){in, out[1], err[1], out[0], err[0]};
}

/* Where crun sends the container's terminal, if it is to have one. */
int listen_for_terminal(void) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  strcpy(address.sun_path, console);
  if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof address) < 0 || listen(listener, 1) < 0) {
    die(console);
  }
  return listener;
}

/* The terminal that crun has sent; -1 when the container has none, though crun connects then too. */
int take_terminal(int listener) {
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
int sealed_crun(void) {
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

int create(int program, struct streams streams) {
  char *words[] = {"crun",       "--log-format=json", "--cgroup-manager=cgroupfs", "create",         "--bundle=/",
                   "--pid-file", "/pid",              "--console-socket",          (char *)console, (char *)container,
                   NULL};
  return crun(program, streams, words);
}

int start(int program, struct streams streams) {
  char *words[] = {"crun", "--log-format=json", "--cgroup-manager=cgroupfs", "start", (char *)container, NULL};
  return crun(program, streams, words);
}

pid_t created(void) {
  char line[LINE];
  read_line("/pid", line);
  return atoi(line);
}
