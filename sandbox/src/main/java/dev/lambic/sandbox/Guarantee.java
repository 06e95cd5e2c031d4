package dev.lambic.sandbox;

/**
 * Something that functions are promised, and whether this host can keep it.
 *
 * @param name what is promised, in a few words
 * @param holds whether it can be kept
 * @param required whether sandboxes cannot be made without it
 * @param detail what was found
 * @param fix the command or setting that would help; empty if it holds or nothing is known to help
 */
public record Guarantee(String name, boolean holds, boolean required, String detail, String fix) {
  static Guarantee kept(String name, String detail) {
    return new Guarantee(name, true, true, detail, "");
  }

  static Guarantee missing(String name, String detail, String fix) {
    return new Guarantee(name, false, true, detail, fix);
  }

  static Guarantee weakened(String name, String detail, String fix) {
    return new Guarantee(name, false, false, detail, fix);
  }
}
