/* Lets a program of the tests be the program of a template, or wait for what it is to do. */
#ifndef LAMBIC_SERVED_H
#define LAMBIC_SERVED_H

#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../main/c/forking/serve.h"

/* Where a program waits for what it is to do. */
enum { WAITING_PORT = 9100 };

/*
 * Waits for connections, each of which brings an argument and ends it by closing. Returns in a child
 * of its own for each, which has no connection; who asked is told how that ended.
 */
static inline void wait_for_arguments(char *argument, size_t size) {
  const struct sockaddr_in address = {.sin_family = AF_INET,
                                      .sin_port = htons(WAITING_PORT),
                                      .sin_addr = {htonl(INADDR_LOOPBACK)}};
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  if (bind(listener, (const struct sockaddr *)&address, sizeof address) < 0) exit(1);
  if (listen(listener, 5) < 0) exit(1);
  puts("waiting");
  fflush(stdout);
  for (;;) {
    /* A connection of before may be broken when this program goes on elsewhere. */
    int fd = accept(listener, NULL, NULL);
    if (fd < 0) continue;
    size_t length = 0;
    for (ssize_t more; (more = read(fd, argument + length, size - 1 - length)) > 0;) {
      length += (size_t)more;
    }
    argument[length] = 0;
    pid_t pid = fork();
    if (pid == 0) {
      close(fd);
      close(listener);
      return;
    }
    int status = 0;
    waitpid(pid, &status, 0);
    dprintf(fd, "%d %d\n", WIFEXITED(status) ? WEXITSTATUS(status) : 0,
            WIFSIGNALED(status) ? WTERMSIG(status) : 0);
    close(fd);
  }
}

/* Serves forks by its own fork, as interpreters do that have no hooks; 0 in a fork. */
static inline int serve_by_own_fork(char *argument, size_t size) {
  while (lambic_await_fork(argument, size) == 0) {
    if (fork() == 0) return 0;
    if (lambic_answer_fork() < 0) break;
  }
  return -1;
}

/*
 * Called as "PROGRAM serve" or "PROGRAM serve-by-own-fork", it serves forks; as "PROGRAM wait", it
 * does what it is told by connections. In a fork the words of the argument, which a unit separator
 * is between, become argc and argv; a shell is executed. Ends the program else.
 */
static inline void become_fork(int *argc, char ***argv) {
  static char argument[SERVED_ARGUMENT_MAX];
  static char *words[64];
  const struct fork_hooks none = {NULL, NULL, NULL};
  if (*argc == 2 && strcmp((*argv)[1], "wait") == 0) {
    wait_for_arguments(argument, sizeof argument);
  } else if (*argc == 2 && strcmp((*argv)[1], "serve") == 0) {
    if (lambic_serve_forks(&none, argument, sizeof argument) < 0) exit(0);
  } else if (*argc == 2 && strcmp((*argv)[1], "serve-by-own-fork") == 0) {
    if (serve_by_own_fork(argument, sizeof argument) < 0) exit(0);
  } else {
    return;
  }
  *argc = 0;
  for (char *word = strtok(argument, "\x1f"); word && *argc < 63; word = strtok(NULL, "\x1f")) {
    words[(*argc)++] = word;
  }
  *argv = words;
  if (chdir("/tmp") < 0) exit(1);
  if (*argc > 0 && strcmp(words[0], "/bin/sh") == 0) {
    execv(words[0], words);
    exit(127);
  }
}

#endif
