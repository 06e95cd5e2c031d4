package dev.lambic.http;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** A request whose body is still being read. */
final class Arriving {
  private static final byte[] NO_BODY = new byte[0];

  final HttpRequest head;
  final long announced;
  final boolean keepAlive;
  final @Nullable Incoming incoming;
  byte[] body = NO_BODY;
  int length;

  /** What is charged for it. */
  int reserved;

  Arriving(
      HttpRequest head,
      long announced,
      boolean keepAlive,
      int reserved,
      @Nullable Incoming incoming) {
    this.head = head;
    this.announced = announced;
    this.keepAlive = keepAlive;
    this.reserved = reserved;
    this.incoming = incoming;
  }

  /** Hands the charge over to who answers it. */
  int handOver() {
    int all = reserved;
    reserved = 0;
    return all;
  }

  Arrived arrived() {
    byte[] whole = length == body.length ? body : Arrays.copyOf(body, length);
    HttpRequest request =
        whole.length == 0
            ? head
            : new HttpRequest(head.method(), head.target(), head.headers(), whole, head.remote());
    boolean isHead = "HEAD".equals(head.method());
    return new Arrived(request, null, 0, "", keepAlive, isHead, handOver(), incoming);
  }
}
