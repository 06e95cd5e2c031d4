/*
 * For interpreters that have no hooks to be called around a fork, but do what is to be done in their
 * own: Ruby. The library is loaded before the C library, so that their fork is this one.
 *
 * To Ruby it is an extension, too. What that takes of Ruby's interface is so little, and so old,
 * that it is declared here rather than taken from headers that few hosts have.
 */
#include "serve.h"

#include <unistd.h>

static struct {
  char *argument;
  bool armed;
} awaited;

int lambic_await_fork(char *argument, size_t size) {
  if (await_request(argument, size, true) < 0) return -1;
  awaited.argument = argument;
  awaited.armed = true;
  return 0;
}

int lambic_answer_fork(void) {
  awaited.armed = false;
  return answer_request(awaited.argument);
}

pid_t fork(void) {
  if (!awaited.armed) return library_fork();
  awaited.armed = false;
  return fork_as_requested();
}

/* ---- as an extension of Ruby ---- */

typedef unsigned long VALUE;

extern VALUE rb_path2class(const char *path) __attribute__((weak));
extern void rb_define_singleton_method(VALUE object, const char *name, VALUE (*method)(VALUE),
                                       int arguments) __attribute__((weak));

/* As the macro of that name. */
static VALUE int2fix(int number) {
  return (VALUE)(long)number << 1 | 1;
}

static VALUE ruby_await(VALUE self) {
  static char argument[SERVED_ARGUMENT_MAX];
  (void)self;
  return int2fix(lambic_await_fork(argument, sizeof argument));
}

static VALUE ruby_answer(VALUE self) {
  (void)self;
  return int2fix(lambic_answer_fork());
}

void Init_forking(void);
void Init_forking(void) {
  VALUE module = rb_path2class("LambicRuntime::Zygote");
  rb_define_singleton_method(module, "await", ruby_await, 0);
  rb_define_singleton_method(module, "answer", ruby_answer, 0);
}
