/* The shells: made, commanded and ended, each step driven by an event. */
#include "shells.h"

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

enum { MOUNTS_MAX = 64, TMP_REQUESTS_MAX = 64, READY_TMPS_MAX = 1024 };
enum { NOBODY = UINT32_MAX };

static const uint64_t READY_TMP_BYTES = 512ULL << 20;

struct shell shells[SHELLS_MAX];

/* Shells that wait for a /tmp, first come first served: a ring of slots. */
static uint32_t waiting[SHELLS_MAX];
static uint32_t waiting_first, waiting_count;
static uint32_t tmp_requests; /* sent and not answered, those for the stock included */
static uint32_t stock_requests;

uint32_t processes;

static int ready_tmps[READY_TMPS_MAX];
static uint32_t ready_tmp_count;

/* ---- answers ---- */

void answer_done(uint32_t request, uint32_t slot) {
  struct writer writer;
  put_header(&writer, DONE, request, slot);
  tell_server(writer.bytes, writer.length, -1);
}

void answer_failure(uint32_t request, uint32_t slot) {
  struct writer writer;
  put_failure(&writer, request, slot);
  tell_server(writer.bytes, writer.length, -1);
}

static void tell_gone(uint32_t slot) {
  struct writer writer;
  put_header(&writer, GONE, 0, slot);
  tell_server(writer.bytes, writer.length, -1);
}

/* ---- making ---- */

void free_plan(struct shell *shell) {
  struct plan *plan = shell->plan;
  if (!plan) return;
  for (uint32_t i = 0; i < plan->cgroup_count; i++) close(plan->cgroups[i]);
  if (plan->tmp_mount >= 0) close(plan->tmp_mount);
  if (plan->image >= 0) close(plan->image);
  free(plan->thaw);
  free(plan);
  shell->plan = NULL;
}

static int open_cgroups(struct plan *plan, char **paths, uint32_t count) {
  int flags = plan->cgroup_version == 1 ? O_WRONLY : O_RDONLY | O_DIRECTORY;
  for (uint32_t i = 0; i < count; i++) {
    int fd = open(paths[i], flags | O_CLOEXEC);
    if (fd < 0) return fail("open-cgroup", paths[i]);
    plan->cgroups[plan->cgroup_count++] = fd;
  }
  return 0;
}

static int read_plan(struct plan *plan, struct reader *reader) {
  char *paths[9];
  uint32_t kind = take_u32(reader);
  plan->guarded = kind == GUARDED_TEMPLATE;
  if (plan->guarded) kind = TEMPLATE;
  plan->template = take_u32(reader);
  plan->cgroup_version = take_u32(reader);
  uint32_t count = take_texts(reader, paths, 8);
  const char *thaw = take_text(reader);
  char *hostname = take_text(reader);
  plan->tmp_bytes = take_u64(reader);
  const char *image = take_text(reader);
  plan->snapshots = take_u32(reader) == 1;
  errno = EINVAL;
  if (reader->bad || strlen(hostname) > 64) return fail("message", "create");
  if (plan->cgroup_version != 1 && (plan->cgroup_version != 2 || count != 1)) {
    return fail("message", "cgroups");
  }
  snprintf(plan->hostname, sizeof plan->hostname, "%s", hostname);
  if (kind > FORKABLE || (kind != PLAIN && plan->snapshots)) return fail("message", "kind");
  plan->kind = kind;
  plan->thaw = strdup(thaw);
  if (!plan->thaw) exit(1);
  if (image[0] && (plan->image = read_only_tree(image)) < 0) return -1;
  return open_cgroups(plan, paths, count);
}

/* Clones the first process out of the template; both sides of the socket are given. */
static int clone_shell(struct shell *shell, int control, int inner) {
  struct plan *plan = shell->plan;
  const uint64_t flags = CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET |
                         (plan->snapshots ? 0 : CLONE_NEWPID);
  if (setns(launcher.template, CLONE_NEWNS) < 0) return fail("setns-template", "");
  pid_t pid = sys_clone(flags, &shell->pidfd, plan->cgroup_version == 2 ? plan->cgroups[0] : -1);
  if (pid == 0) run_first_process(plan, inner);
  if (pid < 0) fail("clone", "");
  return_to_host();
  if (pid < 0) return -1;
  shell->pid = pid;
  shell->control = control;
  shell->thaw = plan->thaw;
  shell->moving = plan->snapshots;
  shell->doomed = false;
  plan->thaw = NULL;
  processes++;
  return 0;
}

static int spawn(struct shell *shell, uint32_t slot) {
  int sockets[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) < 0) {
    return fail("socketpair", "");
  }
  shell->kind = shell->plan->kind;
  shell->guarded = shell->plan->guarded;
  shell->template = shell->plan->template;
  if (shell->kind == FORKABLE) return begin_birth(shell, slot, sockets);
  int result = clone_shell(shell, sockets[0], sockets[1]);
  close(sockets[1]);
  if (result < 0) {
    close(sockets[0]);
    return -1;
  }
  free_plan(shell);
  shell->state = SETTING_UP;
  if (watch(shell->control, SHELL_CONTROL, slot) < 0 || watch(shell->pidfd, SHELL_END, slot) < 0) {
    exit(1); /* nobody would see it end */
  }
  return 0;
}

/* A shell that never had a process: the answer to CREATE is the failure, and it is gone. */
void abandon(uint32_t slot) {
  struct shell *shell = &shells[slot];
  answer_failure(shell->create_request, slot);
  free_plan(shell);
  shell->state = NONE;
  tell_gone(slot);
}

static void spawn_or_abandon(uint32_t slot) {
  if (spawn(&shells[slot], slot) < 0) abandon(slot);
}

static void create(uint32_t request, uint32_t slot, struct reader *reader) {
  struct shell *shell = &shells[slot];
  shell->create_request = request;
  shell->plan = calloc(1, sizeof *shell->plan);
  if (!shell->plan) exit(1);
  shell->plan->tmp_mount = -1;
  shell->plan->image = -1;
  shell->plan->slot = slot;
  shell->plan->host_id = launcher.first_host_id + slot * IDS_PER_SHELL;
  if (read_plan(shell->plan, reader) < 0) {
    abandon(slot);
    return;
  }
  if (launcher.tmp_in_memory) {
    spawn_or_abandon(slot);
  } else if (shell->plan->tmp_bytes == READY_TMP_BYTES && ready_tmp_count > 0) {
    shell->plan->tmp_mount = ready_tmps[--ready_tmp_count];
    spawn_or_abandon(slot);
  } else {
    shell->state = WAITING_FOR_TMP;
    waiting[(waiting_first + waiting_count++) % SHELLS_MAX] = slot;
  }
  refill_tmps();
}

/* ---- file systems for /tmp ---- */

static int send_tmp_request(uint64_t bytes, uint32_t slot) {
  if (request_tmp(launcher.maker, bytes, slot) < 0) return -1;
  tmp_requests++;
  return 0;
}

void refill_tmps(void) {
  if (launcher.tmp_in_memory) return;
  while (waiting_count > 0 && tmp_requests < TMP_REQUESTS_MAX) {
    uint32_t slot = waiting[waiting_first % SHELLS_MAX];
    waiting_first = (waiting_first + 1) % SHELLS_MAX;
    waiting_count--;
    if (shells[slot].state != WAITING_FOR_TMP) continue; /* killed meanwhile */
    if (send_tmp_request(shells[slot].plan->tmp_bytes, slot) < 0) abandon(slot);
  }
  while (ready_tmp_count + stock_requests < launcher.ready_tmps &&
         tmp_requests < TMP_REQUESTS_MAX) {
    if (send_tmp_request(READY_TMP_BYTES, NOBODY) < 0) return;
    stock_requests++;
  }
}

static void keep_tmp(int mount, uint64_t bytes) {
  if (bytes == READY_TMP_BYTES && ready_tmp_count < READY_TMPS_MAX) {
    ready_tmps[ready_tmp_count++] = mount;
  } else {
    close(mount);
  }
}

static void take_tmp_answer(unsigned char *message, size_t length, int mount) {
  struct header header;
  memcpy(&header, message, sizeof header);
  struct reader reader = read_after_header(message, length);
  tmp_requests--;
  if (header.shell == NOBODY) stock_requests--;
  bool wanted = header.shell < SHELLS_MAX && shells[header.shell].state == WAITING_FOR_TMP;
  if (header.type == DONE && mount >= 0) {
    uint64_t bytes = take_u64(&reader);
    if (wanted && shells[header.shell].plan->tmp_bytes == bytes) {
      shells[header.shell].plan->tmp_mount = mount;
      spawn_or_abandon(header.shell);
    } else {
      keep_tmp(mount, bytes);
    }
  } else if (wanted) {
    const char *step = take_text(&reader);
    uint32_t error = take_u32(&reader);
    const char *path = take_text(&reader);
    errno = (int)error;
    fail(step, path);
    abandon(header.shell);
  }
}

void tmp_event(void) {
  static unsigned char message[sizeof(struct writer)];
  int mount;
  ssize_t length = receive_message(launcher.maker, POLL, message, sizeof message, &mount);
  if (length < 0 && errno == EAGAIN) return;
  /* It ends only if something is badly wrong; the server starts a new launcher. */
  if (length < (ssize_t)sizeof(struct header)) exit(1);
  take_tmp_answer(message, (size_t)length, mount);
  refill_tmps();
}

/* ---- commands ---- */

/* Attaches the trees in the mount namespace of the shell. */
static int attach_in(const struct shell *shell, const int *trees, char *const *targets,
                     uint32_t count) {
  int result = 0;
  if (setns(shell->pidfd, CLONE_NEWNS) < 0) return fail("setns-shell", "");
  for (uint32_t i = 0; i < count && result == 0; i++) result = attach_tree(trees[i], targets[i]);
  return_to_host();
  return result;
}

static int attach(const struct shell *shell, struct reader *reader) {
  char *targets[MOUNTS_MAX];
  int trees[MOUNTS_MAX];
  uint32_t count = take_u32(reader);
  uint32_t opened = 0;
  int result = 0;
  errno = EINVAL;
  if (count > MOUNTS_MAX) return fail("message", "attach");
  while (opened < count && result == 0) {
    const char *source = take_text(reader);
    targets[opened] = take_text(reader);
    errno = EINVAL;
    trees[opened] = reader->bad ? fail("message", "attach") : read_only_tree(source);
    if (trees[opened] < 0) {
      result = -1;
    } else {
      opened++;
    }
  }
  if (result == 0) result = attach_in(shell, trees, targets, count);
  while (opened > 0) close(trees[--opened]);
  return result;
}

/* So that the function may open its own output again, as in "> /dev/stderr". */
int give_output(uint32_t slot, int fd) {
  uid_t owner = launcher.first_host_id + slot * IDS_PER_SHELL + 1;
  return fchown(fd, owner, owner) < 0 ? fail("chown-output", "") : 0;
}

/* The first process answers START, SIGNAL and CLEAR itself. */
static int forward(struct shell *shell, const unsigned char *message, size_t length, int fd) {
  struct stat output;
  if (fd >= 0 && fstat(fd, &output) == 0) shell->output = output.st_ino;
  if (fd >= 0 && give_output((uint32_t)(shell - shells), fd) < 0) return -1;
  if (send_message(shell->control, message, length, fd) < 0) return fail("forward", "");
  return 0;
}

/* ---- checkpoints and restores ---- */

static void close_job(struct snapshot_job *job) {
  if (job->images >= 0) close(job->images);
  if (job->tool >= 0) close(job->tool);
  if (job->cache >= 0) close(job->cache);
  for (uint32_t i = 0; i < job->cgroup_count; i++) close(job->cgroups[i]);
}

static int open_directory(const char *path) {
  int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  return fd < 0 ? fail("open", path) : fd;
}

static int read_job(struct shell *shell, uint32_t slot, struct reader *reader, int output,
                    struct snapshot_job *job) {
  char *paths[9];
  uint32_t count = 0;
  bool restores = job->type == RESTORE;
  if (restores) {
    shell->job_process = take_u32(reader);
    job->pid = take_u32(reader);
    job->pipe = take_u64(reader);
  } else {
    shell->job_process = 0;
    job->pipe = shell->output;
  }
  const char *images = take_text(reader);
  const char *tool = take_text(reader);
  const char *cache = take_text(reader);
  if (restores) {
    job->cgroup_version = take_u32(reader);
    count = take_texts(reader, paths, 8);
  } else {
    job->tmp_bytes = take_u64(reader);
    job->memory_bytes = take_u64(reader);
  }
  errno = EINVAL;
  if (reader->bad || (output >= 0) != restores) return fail("message", "snapshot");
  errno = EBUSY;
  if (shell->job > 0) return fail("snapshot", "busy");
  job->first = shell->pid;
  job->first_pidfd = shell->pidfd;
  job->owner = launcher.first_host_id + slot * IDS_PER_SHELL + 1;
  job->output = output;
  if ((job->images = open_directory(images)) < 0) return -1;
  if ((job->tool = open_directory(tool)) < 0) return -1;
  if ((job->cache = open_directory(cache)) < 0) return -1;
  int flags = job->cgroup_version == 1 ? O_WRONLY : O_RDONLY | O_DIRECTORY;
  for (uint32_t i = 0; i < count; i++) {
    int fd = open(paths[i], flags | O_CLOEXEC);
    if (fd < 0) return fail("open-cgroup", paths[i]);
    job->cgroups[job->cgroup_count++] = fd;
  }
  if (restores && fchown(output, job->owner, job->owner) < 0) return fail("chown-output", "");
  return 0;
}

static int begin_job(struct header header, struct reader *reader, int output) {
  struct shell *shell = &shells[header.shell];
  struct snapshot_job job = {.type = header.type, .images = -1, .tool = -1, .cache = -1};
  int socket = -1;
  if (read_job(shell, header.shell, reader, output, &job) == 0) {
    socket = start_snapshot_job(&job, &shell->job_pid);
  }
  close_job(&job);
  if (socket < 0) return -1;
  shell->job = socket;
  shell->job_request = header.request;
  if (watch(socket, SHELL_JOB, header.shell) < 0) exit(1); /* nobody would hear of it */
  return 0;
}

/* Takes the process off that did the job; it has nothing left to do. */
static void end_job(struct shell *shell) {
  close_watched(shell->job);
  shell->job = 0;
  kill(shell->job_pid, SIGKILL);
  while (waitpid(shell->job_pid, NULL, 0) < 0 && errno == EINTR) {
  }
}

void shell_job_event(uint32_t slot) {
  static unsigned char message[sizeof(struct writer)];
  struct shell *shell = &shells[slot];
  struct header header;
  int fd;
  if (shell->state == NONE || shell->job <= 0) return;
  ssize_t length = receive_message(shell->job, POLL, message, sizeof message, &fd);
  if (length < 0 && errno == EAGAIN) return;
  end_job(shell);
  if (length < (ssize_t)sizeof header) {
    errno = ECHILD;
    fail("snapshot", "ended");
    answer_failure(shell->job_request, slot);
    return;
  }
  memcpy(&header, message, sizeof header);
  if (header.type == DONE && shell->job_process != 0) {
    /* The first process takes it over, lets it go on, and answers. */
    struct reader reader = read_after_header(message, (size_t)length);
    struct writer writer;
    put_header(&writer, ADOPT, shell->job_request, slot);
    put_u32(&writer, shell->job_process);
    put_u32(&writer, take_u32(&reader));
    if (send_message(shell->control, writer.bytes, writer.length, -1) < 0) {
      fail("forward", "adopt");
      answer_failure(shell->job_request, slot);
    }
    return;
  }
  header.request = shell->job_request;
  header.shell = slot;
  memcpy(message, &header, sizeof header);
  tell_server(message, (size_t)length, -1);
}

static void kill_shell(uint32_t slot) {
  struct shell *shell = &shells[slot];
  if (shell->state == NONE) return;
  if (shell->state == WAITING_FOR_TMP) {
    errno = ECANCELED;
    fail("killed", "");
    abandon(slot);
    return;
  }
  if (shell->moving || shell->state == BIRTH) {
    shell->doomed = true; /* it will not be long, and a process that is left alone is nobody's */
    return;
  }
  /* All that is in its pid namespace ends with the first process. */
  sys_pidfd_send_signal(shell->pidfd, SIGKILL);
  /* A frozen group of cgroup v1 takes no signal. */
  if (shell->thaw[0]) write_file(shell->thaw, "THAWED");
}

uint32_t kill_all_shells(void) {
  for (uint32_t slot = 0; slot < SHELLS_MAX; slot++) kill_shell(slot);
  return processes;
}

uint32_t living_shells(void) { return processes; }

void shell_command(struct header header, unsigned char *message, size_t length, int fd) {
  struct reader reader = read_after_header(message, length);
  struct shell *shell = &shells[header.shell < SHELLS_MAX ? header.shell : 0];
  int result = 0;
  bool answered = false;
  errno = EINVAL;
  if (header.shell >= SHELLS_MAX) {
    result = fail("message", "shell");
  } else if (header.type == CREATE && shell->state == NONE) {
    create(header.request, header.shell, &reader);
    answered = true;
  } else if (header.type == KILL) {
    kill_shell(header.shell);
    answered = true;
  } else if (shell->state != RUNNING) {
    errno = ESRCH;
    result = fail("dead", "");
  } else if (header.type == ATTACH) {
    result = attach(shell, &reader);
  } else if (header.type == SHARE) {
    result = share(shell, header.shell, &reader);
  } else if (header.type == FORK) {
    result = fork_into(header, &reader, fd);
    answered = result == 0;
  } else if (header.type == START || header.type == SIGNAL || header.type == CLEAR) {
    result = forward(shell, message, length, fd);
    answered = result == 0;
  } else if (header.type == CHECKPOINT || header.type == RESTORE) {
    result = begin_job(header, &reader, fd);
    answered = result == 0;
  } else {
    result = fail("message", "type");
  }
  if (answered) return;
  if (result < 0) {
    answer_failure(header.request, header.shell);
  } else {
    answer_done(header.request, header.shell);
  }
}

/* ---- events of a shell ---- */

static int write_id_map(const struct shell *shell, const char *file, unsigned inner,
                        uint32_t host_id) {
  char path[64], map[256];
  snprintf(path, sizeof path, "/proc/%d/%s", shell->pid, file);
  int length = snprintf(map, sizeof map, "0 %u 1\n%u %u 1\n", host_id, inner, host_id + 1);
  if (shell->kind == TEMPLATE) add_ids_of_forks(map + length, sizeof map - (size_t)length, host_id);
  return write_file(path, map) < 0 ? fail("id-map", path) : 0;
}

static int map_ids(const struct shell *shell, uint32_t slot) {
  uint32_t host_id = launcher.first_host_id + slot * IDS_PER_SHELL;
  struct header done = {IDS_MAPPED, 0, 0};
  if (write_id_map(shell, "uid_map", FUNCTION_UID, host_id) < 0) return -1;
  if (write_id_map(shell, "gid_map", FUNCTION_GID, host_id) < 0) return -1;
  if (send_message(shell->control, &done, sizeof done, -1) < 0) return fail("send", "ids-mapped");
  return 0;
}

static int announce(struct shell *shell, uint32_t slot) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/ns/net", shell->pid);
  int network = open(path, O_RDONLY | O_CLOEXEC);
  if (network < 0) return fail("open-network", path);
  struct writer writer;
  put_header(&writer, DONE, shell->create_request, slot);
  put_u32(&writer, (uint32_t)shell->pid);
  shell->state = RUNNING;
  tell_server(writer.bytes, writer.length, network);
  close(network);
  return 0;
}

/* Another process is the first one now; the former one has nothing left to do. */
static int move(struct shell *shell, uint32_t slot, uint32_t pid) {
  int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
  if (pidfd < 0) return fail("pidfd", "");
  close_watched(shell->pidfd);
  /* It has two more calls to make. */
  while (waitpid(shell->pid, NULL, __WALL) < 0 && errno == EINTR) {
  }
  shell->pid = (pid_t)pid;
  shell->pidfd = pidfd;
  shell->moving = false;
  if (watch(pidfd, SHELL_END, slot) < 0) exit(1); /* nobody would see it end */
  if (shell->doomed) kill_shell(slot);
  return 0;
}

void give_up_on(struct shell *shell, uint32_t slot) {
  answer_failure(shell->create_request, slot);
  shell->state = ENDING;
  sys_pidfd_send_signal(shell->pidfd, SIGKILL);
}

static void take_control_message(uint32_t slot, unsigned char *message, size_t length, int fd) {
  struct shell *shell = &shells[slot];
  struct header header;
  memcpy(&header, message, sizeof header);
  if (shell->state == SETTING_UP) {
    if (header.type == MAP_IDS && shell->kind != FORKABLE) {
      if (map_ids(shell, slot) < 0) give_up_on(shell, slot);
      return;
    }
    if (header.type == MOVED) {
      struct reader reader = read_after_header(message, length);
      if (move(shell, slot, take_u32(&reader)) < 0) give_up_on(shell, slot);
      return;
    }
    if (header.type == READY) {
      if (announce(shell, slot) < 0) give_up_on(shell, slot);
      return;
    }
    header.request = shell->create_request;
    shell->state = ENDING;
  }
  if (header.type != DONE && header.type != FAILED && header.type != EXITED) return;
  if (header.type == DONE && fd >= 0 && shell->kind == TEMPLATE) meet_program(slot, fd);
  header.shell = slot;
  memcpy(message, &header, sizeof header);
  tell_server(message, length, -1);
}

void shell_control_event(uint32_t slot) {
  static unsigned char message[sizeof(struct writer)];
  struct shell *shell = &shells[slot];
  if (shell->state == NONE || shell->control < 0) return;
  for (;;) {
    int fd;
    ssize_t length = receive_message(shell->control, POLL, message, sizeof message, &fd);
    if (length < 0 && errno == EAGAIN) return;
    if (length < (ssize_t)sizeof(struct header)) {
      if (fd >= 0) close(fd);
      close_watched(shell->control); /* its end follows */
      shell->control = -1;
      return;
    }
    take_control_message(slot, message, (size_t)length, fd);
    if (fd >= 0) close(fd);
  }
}

void shell_end_event(uint32_t slot) {
  struct shell *shell = &shells[slot];
  siginfo_t end = {.si_pid = 0};
  if (shell->state == NONE || shell->state == BIRTH) return;
  if (shell->moving) shell_control_event(slot); /* perhaps it ended because another took over */
  if (waitid(P_PIDFD, (id_t)shell->pidfd, &end, WEXITED | WNOHANG | __WALL) < 0 || !end.si_pid) {
    return;
  }
  shell_control_event(slot); /* its last words */
  if (shell->state == SETTING_UP) {
    errno = ECHILD;
    fail("first-process-ended", "");
    answer_failure(shell->create_request, slot);
  }
  if (shell->job > 0) {
    end_job(shell);
    errno = ECHILD;
    fail("first-process-ended", "");
    answer_failure(shell->job_request, slot);
  }
  close_watched(shell->pidfd);
  processes--;
  forget(slot);
}

void forget(uint32_t slot) {
  struct shell *shell = &shells[slot];
  if (shell->kind == TEMPLATE) lose_program(slot);
  end_operation(slot);
  if (shell->control >= 0) close_watched(shell->control);
  free_plan(shell);
  free(shell->thaw);
  shell->thaw = NULL;
  shell->fork_request = 0;
  shell->moving = false;
  shell->doomed = false;
  shell->kind = PLAIN;
  shell->state = NONE;
  tell_gone(slot);
}
