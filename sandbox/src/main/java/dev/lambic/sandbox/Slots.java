package dev.lambic.sandbox;

import java.util.BitSet;

/** The numbers that living sandboxes have, from which their host ids follow. */
final class Slots {
  /** As many as the launcher knows. */
  static final int MAX = 32_768;

  /** Host ids from here on belong to nobody: systemd's list of ranges leaves them unused. */
  private static final long FIRST_HOST_ID = 0x7000_0000L;

  private static final int IDS_PER_SLOT = 2;

  private final BitSet taken = new BitSet();
  private int next;

  /** The first host id of a server's sandboxes; servers on one host rarely share them. */
  static long firstHostId(String instance) {
    return FIRST_HOST_ID + (long) (Instance.hash16(instance) & 0xfff) * MAX * IDS_PER_SLOT;
  }

  /** A free number, not one that was in use a moment ago. */
  synchronized int take() {
    int slot = taken.nextClearBit(next);
    if (slot >= MAX) {
      slot = taken.nextClearBit(0);
    }
    if (slot >= MAX) {
      throw new SandboxException("sandboxes", Errno.EAGAIN, "all " + MAX + " are in use");
    }
    taken.set(slot);
    next = slot + 1 < MAX ? slot + 1 : 0;
    return slot;
  }

  synchronized void free(int slot) {
    taken.clear(slot);
  }

  synchronized int inUse() {
    return taken.cardinality();
  }
}
