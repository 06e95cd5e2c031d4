/*
 * What the launcher and the program of a template say to each other, and the function by which the
 * program serves forks.
 */
#ifndef LAMBIC_SERVE_H
#define LAMBIC_SERVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The program's end of the connection. */
enum { SERVE_FD = 3 };

/* In the order in which they are entered: the first gives the power to enter the others. */
#define SERVED_NAMESPACES {"user", "cgroup", "pid", "mnt", "net", "ipc", "uts"}
enum { SERVED_NAMESPACE_COUNT = 7, SERVED_GROUPS_MAX = 8, SERVED_ARGUMENT_MAX = 128 * 1024 };

/*
 * Followed by the argument as text that ends with NUL. Attached are the output, the namespaces,
 * either the files that a process joins the control groups by, or the connection to the operator,
 * who does all that a process may not do by itself in a guarded template, and last the pipe that a
 * fork_answer is written to.
 */
struct fork_request {
  uint32_t request;
  uint32_t shell;
  uint32_t groups;
  uint32_t operated; /* 1: there is an operator and no group, 0: there is none */
};

/*
 * To the operator: a process of one thread says that it stands still, and by which descriptors it
 * has the namespaces, in their order. It is moved while it is in a call that does not end else, and
 * goes on with 0 from that call; what went wrong is told by a fork_answer, and the process ended.
 */
struct fork_ready {
  int32_t namespaces[SERVED_NAMESPACE_COUNT];
};

struct fork_answer {
  uint32_t request;
  uint32_t shell;
  int32_t pid; /* as the shell numbers it; 0: failed */
  int32_t error;
  char step[24];
};

/* What a language wants to be called around a fork, in this thread. Each may be NULL. */
struct fork_hooks {
  void (*before)(void);
  void (*in_parent)(void);
  void (*in_child)(void);
};

/*
 * Serves forks until the connection ends. Returns the length of the argument in a forked process,
 * which is in its sandbox then, and -1 in the calling one when the connection has ended.
 */
long lambic_serve_forks(const struct fork_hooks *hooks, char *argument, size_t size);

/*
 * The same for a program that must make the fork itself: it is loaded with this library before the
 * C library, calls the first, then fork, which goes into the sandbox, and in the calling process
 * the last. Returns 0, and -1 when the connection has ended. The fork keeps the descriptors that
 * the program has opened; there, fork has returned 0, and in the calling process something above 0
 * whatever has come of it.
 */
int lambic_await_fork(char *argument, size_t size);
int lambic_answer_fork(void);

/* ---- within the library ---- */

#pragma GCC visibility push(hidden)

/* The next request; -1 when there will be none. */
int await_request(char *argument, size_t size, bool keeps_descriptors);

/* Forks into the sandbox; 0 in the fork. */
pid_t fork_as_requested(void);

int answer_request(char *argument);

/* The C library's. */
pid_t library_fork(void);

#pragma GCC visibility pop

#endif
