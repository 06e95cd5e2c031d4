package dev.lambic.runtime;

import java.util.Arrays;
import java.util.Optional;

/**
 * Ways to start an environment faster than by all that it takes; each can be done without.
 *
 * <p>What a function sees of itself is the same with and without.
 */
public enum FastPath {
  /** Sandboxes without a program in them are kept ready. */
  SHELLS("shells"),
  /** Runtimes are kept running that belong to no function yet; see {@link Binding}. */
  STEM_CELLS("stem-cells"),
  /** Processes of runtimes are forked from one that runs already; see {@link Zygotes}. */
  ZYGOTES("zygotes"),
  /** And from one that has imported what a function imports; see {@link Imports}. */
  IMPORT_ZYGOTES("import-zygotes"),
  /** Published versions that ask for it are started from snapshots; see {@link SnapshotStore}. */
  SNAPSHOTS("snapshots"),
  /** What functions and layers consist of is compiled ahead; see {@link CodeCache}. */
  BYTE_CODE("byte-code"),
  /** And forked from a process of theirs, where there is a snapshot; see {@link LiveTemplates}. */
  LIVE_TEMPLATES("live-templates");

  private final String word;

  FastPath(String word) {
    this.word = word;
  }

  /** Its name on the command line. */
  public String word() {
    return word;
  }

  /** The one of that name on the command line. */
  public static Optional<FastPath> of(String word) {
    return Arrays.stream(values()).filter(path -> path.word.equals(word)).findFirst();
  }
}
