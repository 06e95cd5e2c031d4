/* What the launcher knows of a shell: shared by those who make and end shells, and templates. */
#ifndef LAMBIC_SHELLS_H
#define LAMBIC_SHELLS_H

#include "launcher.h"
#include "forking/serve.h"

enum state {
  NONE,
  WAITING_FOR_TMP, /* no process yet */
  BIRTH,           /* a forkable one: a process that makes its first process is at work */
  SETTING_UP,      /* CREATE is not answered */
  RUNNING,
  ENDING, /* CREATE was answered with an error; the process ends */
};

struct shell {
  enum state state;
  enum kind kind;
  uint32_t template; /* slot of it, for a forkable one */
  uint32_t create_request;
  pid_t pid;
  int pidfd;
  int control;
  char *thaw;        /* as in the plan */
  struct plan *plan; /* only while waiting and in birth */

  bool moving;     /* the first process is about to be another one */
  bool doomed;     /* to be killed when it is, or when it is born */
  uint64_t output; /* inode of the output pipe of the program that was started last */
  int job;         /* socket to who checkpoints or restores; 0: nobody does */
  pid_t job_pid;
  uint32_t job_request;
  uint32_t job_process; /* 0 for a checkpoint */

  int midwife; /* pidfd of the process at work in BIRTH */

  bool guarded;     /* a template whose program may be hostile */
  uint32_t unasked; /* answers of its program that nobody waited for */

  int program; /* connection to the program of a template; valid if it has one */
  bool has_program;
  int answers[2]; /* the pipe by which that program answers; valid if it has one */

  uint32_t fork_request; /* of a forkable one: not answered; 0: none */
  uint32_t fork_process;
  int operation; /* pidfd of the process that moves a fork; 0: none */
  pid_t operation_pid;
};
extern struct shell shells[SHELLS_MAX];

/* Shells with a process. */
extern uint32_t processes;

/* ---- shells.c ---- */

void answer_done(uint32_t request, uint32_t slot);
/* Answers with the failure that was recorded last. */
void answer_failure(uint32_t request, uint32_t slot);
void free_plan(struct shell *shell);
/* For a shell that never had a process: the answer to CREATE is the failure, and it is gone. */
void abandon(uint32_t slot);
/* Ends a shell whose set-up failed; the answer to CREATE is the failure. */
void give_up_on(struct shell *shell, uint32_t slot);
/* Makes a pipe the property of the shell's function. */
int give_output(uint32_t slot, int fd);
/* Nothing of the shell is left. */
void forget(uint32_t slot);

/* ---- share.c ---- */

/* Mounts directories that others write to as well; the rest of SHARE is in the reader. */
int share(const struct shell *shell, uint32_t slot, struct reader *reader);

/* ---- templates.c ---- */

/* Continues the list of ids that a template knows by those of all shells but its own. */
void add_ids_of_forks(char *map, size_t size, uint32_t host_id);
/* Begins to make a forkable shell; takes the sockets. */
int begin_birth(struct shell *shell, uint32_t slot, const int *sockets);
/* The template has started a program that serves forks; does not take the descriptor. */
void meet_program(uint32_t slot, int fd);
/* A process that moved a fork has ended, or is ended now. */
void end_operation(uint32_t slot);
/* Asks the program of the template to fork into the shell; the answer comes later. */
int fork_into(struct header header, struct reader *reader, int output);

/* ---- operate.c ---- */

/* What is needed to move a process of a guarded template; its descriptors stay the caller's. */
struct operation {
  int socket;            /* on which the process tells of itself */
  pid_t template;        /* first process of the template */
  uint32_t owner_before; /* host id of the template's programs */
  pid_t first;           /* first process of the shell */
  uint32_t owner;        /* host id of its programs */
  int groups[SERVED_GROUPS_MAX]; /* files that join them */
  uint32_t group_count;
};
/* Starts a process that does it; returns its number, or -1. */
pid_t start_operation(const struct operation *of);

#endif
