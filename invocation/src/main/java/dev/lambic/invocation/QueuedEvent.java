package dev.lambic.invocation;

import dev.lambic.store.Backlog;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An event that was accepted and is to be handled later.
 *
 * @param lane the queue in which it stands: the function's ARN without a qualifier, or what else is
 *     to have it
 * @param target what it was sent to: the ARN with the qualifier that the sender gave, or an object
 * @param version the function's version that it leads to; empty if that is to be found out when it
 *     is run
 * @param requestId the same at each attempt
 * @param accepted when it was accepted, in milliseconds since 1970
 * @param attempts how often the function was run with it and failed
 * @param delays how often in a row it could not be run
 * @param traceId value of the trace header; null if there is none
 * @param tenantId whose event it is; null unless the function tells tenants apart
 * @param payload the event; JSON; never changed
 */
@SuppressWarnings("ArrayRecordComponent") // a carrier, never compared
public record QueuedEvent(
    String lane,
    String target,
    String version,
    String requestId,
    long accepted,
    int attempts,
    int delays,
    @Nullable String traceId,
    @Nullable String tenantId,
    byte[] payload) {
  /** What an event takes beside its payload, roughly, in bytes. */
  private static final int OVERHEAD = 512;

  private static final int FORM = 1;

  /** One that nobody has tried to run. */
  public QueuedEvent(
      String lane,
      String target,
      String version,
      String requestId,
      long accepted,
      @Nullable String traceId,
      @Nullable String tenantId,
      byte[] payload) {
    this(lane, target, version, requestId, accepted, 0, 0, traceId, tenantId, payload);
  }

  /** After one more attempt that failed. */
  QueuedEvent failed() {
    return with(attempts + 1, 0);
  }

  /** After it could not be run once more. */
  QueuedEvent delayed() {
    return with(attempts, delays + 1);
  }

  private QueuedEvent with(int attempts, int delays) {
    return new QueuedEvent(
        lane, target, version, requestId, accepted, attempts, delays, traceId, tenantId, payload);
  }

  /** The memory that it takes, roughly, in bytes. */
  int cost() {
    return payload.length + OVERHEAD;
  }

  /** The same, of all of them. */
  static long cost(List<QueuedEvent> events) {
    return events.stream().mapToLong(QueuedEvent::cost).sum();
  }

  /** All but lane and payload, as bytes. */
  byte[] head() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(256);
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      out.writeByte(FORM);
      out.writeUTF(target);
      out.writeUTF(version);
      out.writeUTF(requestId);
      out.writeLong(accepted);
      out.writeInt(attempts);
      out.writeInt(delays);
      write(out, traceId);
      write(out, tenantId);
    } catch (IOException e) {
      throw new IllegalStateException("memory can always be written", e);
    }
    return bytes.toByteArray();
  }

  private static void write(DataOutputStream out, @Nullable String text) throws IOException {
    out.writeBoolean(text != null);
    if (text != null) {
      out.writeUTF(text);
    }
  }

  /**
   * The event that an item is.
   *
   * @throws IllegalStateException if it is none that this program knows
   */
  static QueuedEvent of(Backlog.Item item) {
    try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(item.head()))) {
      if (in.readByte() != FORM) {
        throw new IllegalStateException("an event in a form that is not known");
      }
      return new QueuedEvent(
          item.lane(),
          in.readUTF(),
          in.readUTF(),
          in.readUTF(),
          in.readLong(),
          in.readInt(),
          in.readInt(),
          read(in),
          read(in),
          item.body());
    } catch (IOException e) {
      throw new IllegalStateException("an event that cannot be read", e);
    }
  }

  private static @Nullable String read(DataInputStream in) throws IOException {
    return in.readBoolean() ? in.readUTF() : null;
  }
}
