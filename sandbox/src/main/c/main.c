/* Start-up and the event loop of the launcher. */
#include "launcher.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>

enum { EVENTS_AT_ONCE = 64, SERVER_MILLISECONDS = 10000, FAREWELL_MILLISECONDS = 5000 };

struct launcher launcher = {.server = -1, .maker = -1};

/* When to end after the server did. */
static uint64_t deadline;

static int watch_for(uint32_t events, int fd, enum event_source source, uint32_t slot) {
  struct epoll_event event = {.events = events, .data.u64 = (uint64_t)source << 32 | slot};
  return epoll_ctl(launcher.events, EPOLL_CTL_ADD, fd, &event);
}

int watch(int fd, enum event_source source, uint32_t slot) {
  return watch_for(EPOLLIN, fd, source, slot);
}

/* The end is always told. */
int watch_end(int fd, enum event_source source, uint32_t slot) {
  return watch_for(0, fd, source, slot);
}

void close_watched(int fd) {
  epoll_ctl(launcher.events, EPOLL_CTL_DEL, fd, NULL);
  close(fd);
}

void tell_server(const void *bytes, size_t length, int fd) {
  if (launcher.server < 0) return;
  while (send_message(launcher.server, bytes, length, fd) < 0) {
    struct pollfd room = {launcher.server, POLLOUT, 0};
    if (errno == EPIPE || errno == ECONNRESET) return; /* its end is the next event */
    if (errno != EAGAIN || poll(&room, 1, SERVER_MILLISECONDS) != 1) exit(1);
  }
}

/* The socket is named relative to its directory, for such names have a short limit. */
static int connect_server(const char *directory) {
  struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "launcher.socket"};
  int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  if (fd < 0 || chdir(directory) < 0) return -1;
  if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0) return -1;
  return chdir("/") < 0 ? -1 : fd;
}

const int ignored_signals[4] = {SIGHUP, SIGINT, SIGPIPE, SIGTERM};

static void reset_signals(void) {
  sigset_t none;
  sigemptyset(&none);
  for (int number = 1; number < NSIG; number++) signal(number, SIG_DFL);
  sigprocmask(SIG_SETMASK, &none, NULL);
}

/*
 * Only the end of the server ends the launcher: what a terminal or a service manager sends to both
 * must not take the shells from a server that is still draining.
 */
static void ignore_signals(void) {
  for (size_t i = 0; i < sizeof ignored_signals / sizeof ignored_signals[0]; i++) {
    signal(ignored_signals[i], SIG_IGN);
  }
  setsid();
}

static void allow_many_descriptors(void) {
  struct rlimit files;
  if (getrlimit(RLIMIT_NOFILE, &files) < 0) return;
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
}

/* Whether a file system for /tmp can be made here is known when the first one is made. */
static int try_tmp(const char *work_directory) {
  unsigned char answer[sizeof(struct writer)];
  struct header header;
  struct pollfd ready = {.events = POLLIN};
  int mount = -1;
  launcher.maker = start_tmp_maker(work_directory);
  if (launcher.maker < 0) return -1;
  ready.fd = launcher.maker;
  if (request_tmp(launcher.maker, 4 << 20, 0) < 0) return -1;
  errno = ETIMEDOUT;
  if (poll(&ready, 1, SERVER_MILLISECONDS) != 1) return fail("tmp-maker", "");
  ssize_t length = receive_message(launcher.maker, POLL, answer, sizeof answer, &mount);
  errno = EPIPE;
  if (length < (ssize_t)sizeof header) return fail("tmp-maker", "");
  memcpy(&header, answer, sizeof header);
  if (header.type == DONE && mount >= 0) {
    close(mount);
    return watch(launcher.maker, MAKER, 0) < 0 ? fail("epoll", "") : 0;
  }
  struct reader reader = read_after_header(answer, (size_t)length);
  const char *step = take_text(&reader);
  errno = (int)take_u32(&reader);
  return fail(step, take_text(&reader));
}

static int prepare(const struct root_options *options) {
  if (watch(launcher.server, SERVER, 0) < 0) return fail("epoll", "");
  if (remember_host() < 0) return -1;
  build_filters();
  launcher.template = build_template(options);
  return launcher.template < 0 ? -1 : 0;
}

/* The first message: whether the launcher can work, and why /tmp is in memory if it is. */
static void greet(int prepared, int tmp) {
  struct writer writer;
  if (prepared < 0) {
    put_failure(&writer, 0, 0);
  } else {
    char reason[PATH_LENGTH + 128] = "";
    if (tmp < 0) {
      snprintf(reason, sizeof reason, "%s %s %s", failure.step, strerror(failure.error),
               failure.path);
    }
    put_header(&writer, DONE, 0, 0);
    put_text(&writer, reason);
  }
  tell_server(writer.bytes, writer.length, -1);
}

static uint64_t milliseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/*
 * Without a server there is nobody to thaw what is frozen, which no signal can end. So the launcher
 * does that, and stays until all shells have ended, for a bounded time.
 */
static void lose_server(void) {
  close(launcher.server);
  launcher.server = -1;
  kill_all_shells();
  deadline = milliseconds() + FAREWELL_MILLISECONDS;
}

static void server_event(void) {
  static unsigned char message[MESSAGE_MAX];
  struct header header;
  int fd;
  ssize_t length = receive_message(launcher.server, POLL, message, sizeof message, &fd);
  if (length < 0 && errno == EAGAIN) return;
  if (length < (ssize_t)sizeof header) {
    lose_server();
    return;
  }
  memcpy(&header, message, sizeof header);
  shell_command(header, message, (size_t)length, fd);
  if (fd >= 0) close(fd);
  explicit_bzero(message, (size_t)length); /* environments carry secrets */
}

static void dispatch(uint64_t data) {
  uint32_t slot = (uint32_t)data;
  switch ((enum event_source)(data >> 32)) {
    case SERVER:
      server_event();
      return;
    case MAKER:
      tmp_event();
      return;
    case SHELL_CONTROL:
      shell_control_event(slot);
      return;
    case SHELL_END:
      shell_end_event(slot);
      return;
    case SHELL_JOB:
      shell_job_event(slot);
      return;
    case SHELL_BIRTH:
      shell_birth_event(slot);
      return;
    case TEMPLATE_PROGRAM:
      lose_program(slot);
      return;
    case TEMPLATE_ANSWER:
      template_answer_event(slot);
      return;
    case SHELL_OPERATION:
      shell_operation_event(slot);
      return;
  }
}

static void run(void) __attribute__((noreturn));
static void run(void) {
  struct epoll_event events[EVENTS_AT_ONCE];
  for (;;) {
    if (launcher.server < 0 && (living_shells() == 0 || milliseconds() > deadline)) exit(0);
    int patience = launcher.server < 0 ? FAREWELL_MILLISECONDS : -1;
    int count = epoll_wait(launcher.events, events, EVENTS_AT_ONCE, patience);
    if (count < 0 && errno != EINTR) exit(1);
    for (int i = 0; i < count; i++) dispatch(events[i].data.u64);
  }
}

static const char usage[] =
    "usage: launcher run SOCKET-DIRECTORY WORK-DIRECTORY ETC-DIRECTORY FIRST-HOST-ID READY-TMPS "
    "LOCAL\n"
    "       launcher probe WORK-DIRECTORY\n"
    "       launcher criu-cache CRIU-DIRECTORY DIRECTORY\n";

int main(int argc, char **argv) {
  reset_signals();
  umask(077);
  if (argc == 3 && strcmp(argv[1], "probe") == 0) return probe(argv[2]);
  if (argc == 4 && strcmp(argv[1], "criu-cache") == 0) return make_criu_cache(argv[2], argv[3]);
  if (argc != 8 || strcmp(argv[1], "run") != 0) {
    fputs(usage, stderr);
    return 2;
  }
  ignore_signals();
  allow_many_descriptors();
  const struct root_options options = {argv[3], argv[4], strcmp(argv[7], "1") == 0};
  launcher.first_host_id = (uint32_t)strtoul(argv[5], NULL, 10);
  launcher.ready_tmps = (uint32_t)strtoul(argv[6], NULL, 10);
  launcher.events = epoll_create1(EPOLL_CLOEXEC);
  launcher.server = connect_server(argv[2]);
  if (launcher.events < 0 || launcher.server < 0) {
    perror("launcher");
    return 1;
  }
  int prepared = prepare(&options);
  int tmp = prepared < 0 ? -1 : try_tmp(argv[3]);
  launcher.tmp_in_memory = tmp < 0;
  greet(prepared, tmp);
  if (prepared < 0) return 1;
  refill_tmps();
  run();
}
