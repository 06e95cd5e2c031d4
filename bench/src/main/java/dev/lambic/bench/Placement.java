package dev.lambic.bench;

import java.util.BitSet;

/** On which cores the two sides of a conversation run. */
enum Placement {
  /** The client has a core, the server another: every message wakes a core. */
  APART("apart"),
  /** Both share a core: what remains is the work of both. */
  TOGETHER("together"),
  /** Where the scheduler likes. */
  FREE("free");

  private final String title;

  Placement(String title) {
    this.title = title;
  }

  String title() {
    return title;
  }

  BitSet client(BitSet allowed) {
    return this == FREE ? allowed : only(allowed.nextSetBit(0));
  }

  BitSet server(BitSet allowed) {
    return switch (this) {
      case APART -> only(allowed.length() - 1);
      case TOGETHER -> only(allowed.nextSetBit(0));
      case FREE -> allowed;
    };
  }

  private static BitSet only(int core) {
    BitSet one = new BitSet();
    one.set(core);
    return one;
  }
}
