/* Lets a program of the tests be the program of a template. */
#ifndef LAMBIC_SERVED_H
#define LAMBIC_SERVED_H

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../main/c/forking/serve.h"

/*
 * Called as "PROGRAM serve", it serves forks. In a fork the words of the argument, which a unit
 * separator is between, become argc and argv; a shell is executed. Ends the program else.
 */
static inline void become_fork(int *argc, char ***argv) {
  static char argument[SERVED_ARGUMENT_MAX];
  static char *words[64];
  const struct fork_hooks none = {NULL, NULL, NULL};
  if (*argc != 2 || strcmp((*argv)[1], "serve") != 0) return;
  if (lambic_serve_forks(&none, argument, sizeof argument) < 0) exit(0);
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
