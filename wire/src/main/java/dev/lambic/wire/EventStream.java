package dev.lambic.wire;

import java.io.ByteArrayOutputStream;
import java.util.LinkedHashMap;
import java.util.Map;
import software.amazon.eventstream.HeaderValue;
import software.amazon.eventstream.Message;

/**
 * Events framed for an answer that streams them.
 *
 * <p>Follows "Amazon Event Stream Specification" of Smithy.
 */
public final class EventStream {
  /** The media type of a body that consists of such events. */
  public static final String CONTENT_TYPE = "application/vnd.amazon.eventstream";

  /** What a frame adds to its payload, at most. */
  private static final int OVERHEAD = 256;

  private EventStream() {}

  /**
   * One event as it is sent.
   *
   * @param type the name of the member of the stream's union, such as {@code PayloadChunk}
   * @param contentType of the payload, such as {@code application/octet-stream}
   */
  public static byte[] event(String type, String contentType, byte[] payload) {
    Map<String, HeaderValue> headers = new LinkedHashMap<>();
    headers.put(":event-type", HeaderValue.fromString(type));
    headers.put(":content-type", HeaderValue.fromString(contentType));
    headers.put(":message-type", HeaderValue.fromString("event"));
    ByteArrayOutputStream frame = new ByteArrayOutputStream(payload.length + OVERHEAD);
    new Message(headers, payload).encode(frame);
    return frame.toByteArray();
  }
}
