package dev.lambic.http;

import io.netty.buffer.ByteBuf;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * The body of a request that its handler takes in pieces: what has arrived and was not taken yet.
 *
 * <p>Belongs to the connection's event loop, but for {@link #pause} and {@link #resume}. It holds
 * what one read of the socket brought at most, for reading stops while it has no receiver or the
 * receiver wants nothing. What arrived is handed over even if the connection ends meanwhile.
 */
final class Incoming implements BodyFlow {
  /** What is worth a call of the receiver before the socket has been read dry. */
  private static final int ENOUGH = 64 << 10;

  private final Runnable resumed;
  private final Deque<byte[]> arrived = new ArrayDeque<>();
  private int length;
  private @Nullable BodyReceiver receiver;
  private @Nullable Headers trailers;
  private @Nullable String broken;
  private boolean over;
  private volatile boolean paused;

  /**
   * A body of which nothing has arrived.
   *
   * @param resumed makes the connection go on, from any thread
   */
  Incoming(Runnable resumed) {
    this.resumed = resumed;
  }

  @Override
  public void pause() {
    paused = true;
  }

  @Override
  public void resume() {
    paused = false;
    resumed.run();
  }

  void begin(BodyReceiver by) {
    receiver = by;
  }

  /** Whether the connection should read on for it. */
  boolean isWanted() {
    return over || (receiver != null && !paused);
  }

  /** Whether all of it has arrived. */
  boolean isWhole() {
    return trailers != null;
  }

  /** Adds what has arrived; returns whether that is enough to hand it over at once. */
  boolean add(ByteBuf bytes) {
    int more = bytes.readableBytes();
    if (more > 0 && !over) {
      byte[] piece = new byte[more];
      bytes.readBytes(piece);
      arrived.add(piece);
      length += more;
    }
    return length >= ENOUGH;
  }

  void end(Headers last) {
    trailers = last;
  }

  void fail(String reason) {
    if (trailers == null) {
      broken = reason;
    }
  }

  /** Lets nothing further reach the receiver. */
  void drop() {
    over = true;
    arrived.clear();
    length = 0;
  }

  /** Hands over what there is, as far as it is wanted. */
  void deliver() {
    BodyReceiver to = receiver;
    while (to != null && !paused && !over) {
      if (length > 0) {
        to.piece(take());
      } else if (trailers != null) {
        over = true;
        to.end(trailers);
      } else if (broken != null) {
        over = true;
        to.broken(broken);
      } else {
        return;
      }
    }
  }

  private byte[] take() {
    byte[] all = arrived.remove();
    if (!arrived.isEmpty()) {
      byte[] joined = new byte[length];
      System.arraycopy(all, 0, joined, 0, all.length);
      int at = all.length;
      for (byte[] piece : arrived) {
        System.arraycopy(piece, 0, joined, at, piece.length);
        at += piece.length;
      }
      arrived.clear();
      all = joined;
    }
    length = 0;
    return all;
  }
}
