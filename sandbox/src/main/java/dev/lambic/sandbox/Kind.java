package dev.lambic.sandbox;

/** What a shell of the launcher is for; the numbers are those of launcher.h. */
enum Kind {
  /** Programs are executed in it. */
  PLAIN(0),
  /** Its program forks itself into others. */
  TEMPLATE(1),
  /** The program of a template can be forked into it. */
  FORKABLE(2),
  /** As {@link #TEMPLATE}, but its program may be hostile. */
  GUARDED_TEMPLATE(3);

  private final int number;

  Kind(int number) {
    this.number = number;
  }

  int number() {
    return number;
  }
}
