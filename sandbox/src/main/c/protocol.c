/* Messages between the server, the launcher and the first processes of the shells. */
#include "launcher.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

struct failure failure;

int fail(const char *step, const char *path) {
  failure.step = step;
  failure.error = errno;
  snprintf(failure.path, sizeof failure.path, "%s", path);
  return -1;
}

struct reader read_after_header(unsigned char *message, size_t length) {
  return (struct reader){.at = message + sizeof(struct header), .end = message + length};
}

static void take(struct reader *reader, void *into, size_t length) {
  if (reader->bad || (size_t)(reader->end - reader->at) < length) {
    reader->bad = true;
    memset(into, 0, length);
    return;
  }
  memcpy(into, reader->at, length);
  reader->at += length;
}

uint32_t take_u32(struct reader *reader) {
  uint32_t value;
  take(reader, &value, sizeof value);
  return value;
}

uint64_t take_u64(struct reader *reader) {
  uint64_t value;
  take(reader, &value, sizeof value);
  return value;
}

char *take_text(struct reader *reader) {
  static char empty[1];
  uint32_t length = take_u32(reader);
  size_t left = (size_t)(reader->end - reader->at);
  if (reader->bad || left < 1 || length > left - 1 || reader->at[length] != 0) {
    reader->bad = true;
    empty[0] = 0;
    return empty;
  }
  char *text = (char *)reader->at;
  reader->at += length + 1;
  return text;
}

uint32_t take_texts(struct reader *reader, char **texts, uint32_t max) {
  uint32_t count = take_u32(reader);
  if (count > max) {
    reader->bad = true;
    count = 0;
  }
  for (uint32_t i = 0; i < count; i++) texts[i] = take_text(reader);
  texts[count] = NULL;
  return count;
}

static void put(struct writer *writer, const void *bytes, size_t length) {
  if (length > sizeof writer->bytes - writer->length) return; /* all that is written is short */
  memcpy(writer->bytes + writer->length, bytes, length);
  writer->length += length;
}

void put_header(struct writer *writer, uint32_t type, uint32_t request, uint32_t shell) {
  struct header header = {type, request, shell};
  writer->length = 0;
  put(writer, &header, sizeof header);
}

void put_u32(struct writer *writer, uint32_t value) { put(writer, &value, sizeof value); }

void put_u64(struct writer *writer, uint64_t value) { put(writer, &value, sizeof value); }

void put_text(struct writer *writer, const char *text) {
  uint32_t length = (uint32_t)strnlen(text, PATH_LENGTH);
  put_u32(writer, length);
  put(writer, text, length);
  put(writer, "", 1);
}

void put_failure(struct writer *writer, uint32_t request, uint32_t shell) {
  put_header(writer, FAILED, request, shell);
  put_text(writer, failure.step);
  put_u32(writer, (uint32_t)failure.error);
  put_text(writer, failure.path);
}

int send_message(int socket, const void *bytes, size_t length, int fd) {
  return send_descriptors(socket, bytes, length, NULL, 0, &fd, fd >= 0 ? 1 : 0);
}

int send_descriptors(int socket, const void *head, size_t head_length, const void *tail,
                     size_t tail_length, const int *fds, uint32_t count) {
  struct iovec parts[] = {{(void *)head, head_length}, {(void *)tail, tail_length}};
  union {
    struct cmsghdr header;
    char space[CMSG_SPACE(DESCRIPTORS_MAX * sizeof(int))];
  } control;
  struct msghdr message = {.msg_iov = parts, .msg_iovlen = tail_length > 0 ? 2 : 1};
  errno = EINVAL;
  if (count > DESCRIPTORS_MAX) return -1;
  if (count > 0) {
    memset(&control, 0, sizeof control);
    message.msg_control = &control;
    message.msg_controllen = CMSG_SPACE(count * sizeof(int));
    struct cmsghdr *attached = CMSG_FIRSTHDR(&message);
    attached->cmsg_level = SOL_SOCKET;
    attached->cmsg_type = SCM_RIGHTS;
    attached->cmsg_len = CMSG_LEN(count * sizeof(int));
    memcpy(CMSG_DATA(attached), fds, count * sizeof(int));
  }
  ssize_t sent;
  do {
    sent = sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
  } while (sent < 0 && errno == EINTR);
  return sent < 0 ? -1 : 0;
}

/* One descriptor at most is of use; the kernel may have given more, for there is room for two. */
static void take_only(struct msghdr *message, int *fd) {
  for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part; part = CMSG_NXTHDR(message, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < count; i++) {
      int found;
      memcpy(&found, CMSG_DATA(part) + i * sizeof found, sizeof found);
      if (count == 1 && *fd < 0) {
        *fd = found;
      } else {
        close(found);
      }
    }
  }
}

ssize_t receive_message(int socket, enum patience patience, void *bytes, size_t size, int *fd) {
  struct iovec data = {bytes, size};
  union {
    struct cmsghdr header;
    char space[CMSG_SPACE(sizeof(int))];
  } control;
  struct msghdr message = {.msg_iov = &data,
                           .msg_iovlen = 1,
                           .msg_control = &control,
                           .msg_controllen = sizeof control.space};
  *fd = -1;
  ssize_t length;
  do {
    length = recvmsg(socket, &message, MSG_CMSG_CLOEXEC | (patience == POLL ? MSG_DONTWAIT : 0));
  } while (length < 0 && errno == EINTR);
  if (length < 0) return -1;
  take_only(&message, fd);
  if (length > 0 && (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC))) {
    if (*fd >= 0) close(*fd);
    *fd = -1;
    errno = EMSGSIZE;
    return -1;
  }
  return length;
}
