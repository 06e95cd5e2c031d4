/*
 * The whole program of the container images of the tests: asks the Runtime API for events and answers
 * each with what it sees of itself. A static program, so that an image needs nothing but it.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SIZE = 65536 };

static char answer[SIZE], request[SIZE], body[SIZE];

static int dial(void) {
  char host[64];
  snprintf(host, sizeof host, "%s", getenv("AWS_LAMBDA_RUNTIME_API"));
  char *colon = strchr(host, ':');
  *colon = 0;
  struct sockaddr_in address = {.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)atoi(colon + 1))};
  inet_pton(AF_INET, host, &address.sin_addr);
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0) {
    perror("connect");
    exit(1);
  }
  return fd;
}

/* One request on a connection of its own; the head and body of the answer. */
static char *call(const char *text, size_t length) {
  int fd = dial();
  size_t have = 0;
  if (write(fd, text, length) != (ssize_t)length) exit(1);
  for (;;) {
    answer[have] = 0;
    char *end = strstr(answer, "\r\n\r\n");
    char *size = strcasestr(answer, "content-length:");
    if (end && (!size || have >= (size_t)(end + 4 - answer) + (size_t)atol(size + 15))) {
      close(fd);
      return end + 4;
    }
    ssize_t count = read(fd, answer + have, sizeof answer - 1 - have);
    if (count <= 0) exit(1);
    have += (size_t)count;
  }
}

static void text(const char *name, const char *value) {
  size_t at = strlen(body);
  at += (size_t)snprintf(body + at, sizeof body - at, "%s\"%s\":\"", at > 1 ? "," : "", name);
  for (; value && *value && at < sizeof body - 8; value++) {
    if (*value == '"' || *value == '\\') body[at++] = '\\';
    if ((unsigned char)*value >= ' ') body[at++] = *value;
  }
  snprintf(body + at, sizeof body - at, "\"");
}

static void contents(const char *name, const char *path) {
  char content[256] = "none";
  FILE *file = fopen(path, "r");
  if (file) {
    content[fread(content, 1, sizeof content - 1, file)] = 0;
    fclose(file);
  }
  text(name, content);
}

static void describe(int argc, char **argv) {
  static const char *const variables[] = {
      "GREETING", "PATH", "AWS_LAMBDA_FUNCTION_NAME", "AWS_EXECUTION_ENV", "_HANDLER", "OWN"};
  char directory[512] = "", arguments[512] = "", id[32];
  strcpy(body, "{");
  contents("version", "/version");
  contents("task", "/var/task/code.txt");
  contents("hosts", "/etc/hosts");
  contents("passwd", "/etc/passwd");
  text("host", access("/usr/bin/env", F_OK) == 0 ? "seen" : "hidden");
  text("writable", access("/version", W_OK) == 0 ? "yes" : "no");
  text("cwd", getcwd(directory, sizeof directory));
  for (int i = 0; i < argc; i++) {
    strncat(arguments, i > 0 ? " " : "", sizeof arguments - strlen(arguments) - 1);
    strncat(arguments, argv[i], sizeof arguments - strlen(arguments) - 1);
  }
  text("argv", arguments);
  snprintf(id, sizeof id, "%d", (int)getuid());
  text("uid", id);
  for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++) {
    text(variables[i], getenv(variables[i]));
  }
  strcat(body, "}");
}

int main(int argc, char **argv) {
  const char *next =
      "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: runtime\r\nConnection: close\r\n\r\n";
  for (;;) {
    char id[128];
    call(next, strlen(next));
    char *header = strcasestr(answer, "lambda-runtime-aws-request-id:");
    if (!header || sscanf(header + 30, " %127[^\r\n]", id) != 1) return 1;
    describe(argc, argv);
    int length = snprintf(request, sizeof request,
                          "POST /2018-06-01/runtime/invocation/%s/response HTTP/1.1\r\n"
                          "Host: runtime\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n%s",
                          id, strlen(body), body);
    call(request, (size_t)length);
  }
}
