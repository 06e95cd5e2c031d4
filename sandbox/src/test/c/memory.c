/* Uses memory: memory MEGABYTES [hold]. Touches so much, says so, and ends or stays. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv) {
  size_t bytes = argc > 1 ? (size_t)atoi(argv[1]) << 20 : 0;
  char *memory = calloc(bytes + 1, 1);
  if (!memory) return 3;
  for (size_t at = 0; at < bytes; at += 4096) memory[at] = (char)at;
  printf("touched %c\n", memory[0] ? 'x' : 'o');
  fflush(stdout);
  if (argc > 2 && strcmp(argv[2], "hold") == 0) sleep(1000);
  return 0;
}
