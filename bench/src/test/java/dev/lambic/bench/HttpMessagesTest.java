package dev.lambic.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class HttpMessagesTest {
  /** Gives no more than so many bytes at a time, as a network may. */
  private static InputStream trickle(String text, int step) {
    return new ByteArrayInputStream(text.getBytes(StandardCharsets.ISO_8859_1)) {
      @Override
      public synchronized int read(byte[] target, int offset, int length) {
        return super.read(target, offset, Math.min(length, step));
      }
    };
  }

  private static List<HttpMessage> all(String text, int step) throws IOException {
    HttpMessages messages = new HttpMessages(trickle(text, step));
    List<HttpMessage> found = new ArrayList<>();
    for (HttpMessage one = messages.next(); one != null; one = messages.next()) {
      found.add(one);
    }
    return found;
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 7, 1000})
  void findsMessagesHoweverTheyAreCut(int step) throws IOException {
    String text =
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Kind: a\r\n\r\nhello"
            + "HTTP/1.1 404 Not Found\r\nx-kind:b\r\ncONTENT-lENGTH:0\r\n\r\n"
            + "HTTP/1.1 204 No Content\r\n\r\n";
    List<HttpMessage> found = all(text, step);
    assertThat(found).extracting(HttpMessage::status).containsExactly(200, 404, 204);
    assertThat(found).extracting(HttpMessage::text).containsExactly("hello", "", "");
    assertThat(found).extracting(one -> one.field("X-Kind")).containsExactly("a", "b", null);
  }

  @Test
  void readsBodiesLongerThanItsBuffer() throws IOException {
    String body = "0123456789".repeat(10_000);
    List<HttpMessage> found = all("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + body, 4096);
    assertThat(found).extracting(HttpMessage::text).containsExactly(body);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "HTTP/1.1 200 OK\r\nContent-Le",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell",
      })
  void noticesAnEarlyEnd(String text) {
    assertThatThrownBy(() -> all(text, 1000)).isInstanceOf(EOFException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "x", "-1", "5x", "99999999999999999999"})
  void refusesLengthsThatAreNone(String length) {
    assertThatThrownBy(
            () -> all("HTTP/1.1 200 OK\r\nContent-Length: " + length + "\r\n\r\nhello", 1000))
        .isInstanceOf(IOException.class);
  }

  @Test
  void takesAsLengthOnlyTheFieldOfThatName() throws IOException {
    String text = "HTTP/1.1 200 OK\r\nX-Content-Length: 5\r\nContent-Length: 2\r\n\r\nhi";
    assertThat(all(text, 1000)).extracting(HttpMessage::text).containsExactly("hi");
  }
}
