package dev.lambic.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import software.amazon.eventstream.Message;

/** Frames as the specification and the SDK's own decoder have them. */
final class EventStreamTest {
  private static final byte[] PAYLOAD = {'h', 'i', 0, (byte) 0xff};

  @Test
  void aFrameIsPreludeHeadersPayloadAndChecksums() {
    byte[] frame = EventStream.event("PayloadChunk", "application/octet-stream", PAYLOAD);
    ByteBuffer read = ByteBuffer.wrap(frame);
    assertThat(read.getInt()).isEqualTo(frame.length);
    int headers = read.getInt();
    assertThat(headers).isEqualTo(frame.length - 16 - PAYLOAD.length);
    assertThat(read.getInt()).isEqualTo(crc(frame, 8));
    String names = new String(frame, 12, headers, StandardCharsets.ISO_8859_1);
    assertThat(names)
        .isEqualTo(
            "\13:event-type\7\0\14PayloadChunk"
                + "\15:content-type\7\0\30application/octet-stream"
                + "\15:message-type\7\0\5event");
    assertThat(ByteBuffer.wrap(frame, 12 + headers, 4).slice()).isEqualTo(ByteBuffer.wrap(PAYLOAD));
    assertThat(read.getInt(frame.length - 4)).isEqualTo(crc(frame, frame.length - 4));
  }

  private static int crc(byte[] of, int length) {
    CRC32 crc = new CRC32();
    crc.update(of, 0, length);
    return (int) crc.getValue();
  }

  @Test
  void theSdkReadsWhatIsWritten() {
    byte[] large = new byte[1 << 20];
    byte[] frame = EventStream.event("InvokeComplete", "application/json", large);
    Message message = Message.decode(ByteBuffer.wrap(frame));
    assertThat(message.getPayload()).isEqualTo(large);
    assertThat(message.getHeaders()).hasSize(3);
    assertThat(String.valueOf(message.getHeaders().get(":event-type"))).contains("InvokeComplete");
  }
}
