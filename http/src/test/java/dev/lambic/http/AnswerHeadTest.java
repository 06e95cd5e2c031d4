package dev.lambic.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class AnswerHeadTest {
  private static String head(int status, Headers headers, int length, boolean close) {
    byte[] bytes = AnswerHead.bytes(status, headers, length, close);
    return new String(bytes, StandardCharsets.ISO_8859_1);
  }

  @Test
  void tellsStatusFieldsAndLength() {
    assertThat(head(200, Headers.of("X-A", "1", "x-b", "a\tb"), 12, false))
        .isEqualTo("HTTP/1.1 200 OK\r\nX-A: 1\r\nx-b: a\tb\r\ncontent-length: 12\r\n\r\n");
    assertThat(head(404, Headers.empty(), 0, true))
        .isEqualTo("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
  }

  @Test
  void keepsALengthThatIsTold() {
    assertThat(head(200, Headers.of("Content-Length", "99"), 0, false))
        .isEqualTo("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n");
  }

  @Test
  void tellsNoLengthOfWhatHasNoBody() {
    assertThat(head(204, Headers.of("Content-Length", "5"), 5, false))
        .isEqualTo("HTTP/1.1 204 No Content\r\n\r\n");
    assertThat(head(205, Headers.empty(), 5, false)).contains("content-length: 0\r\n");
    assertThat(AnswerHead.hasBody(304)).isFalse();
    assertThat(AnswerHead.hasBody(200)).isTrue();
  }

  @Test
  void hasRoomForManyFields() {
    Headers headers = Headers.empty();
    for (int i = 0; i < 100; i++) {
      headers.add("X-" + i, "v".repeat(i));
    }
    assertThat(head(200, headers, 1, false)).contains("X-99: " + "v".repeat(99) + "\r\n");
  }

  @Test
  void makesCharactersThatFitIntoNoByteQuestionMarks() {
    assertThat(head(200, Headers.of("X", "\u00fc\u010a\u010d\u20ac"), 0, false))
        .contains("X: \u00fc???\r\n");
  }

  @ParameterizedTest
  @ValueSource(strings = {"a\r\nb", "a\nb", "a\rb", "\0", "\u007f", "a\u000bb"})
  void refusesValuesThatWouldEndTheirField(String value) {
    assertThatThrownBy(() -> head(200, Headers.of("X", value), 0, false))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "a b", "a:b", "a\n", "\u00fc"})
  void refusesNamesThatAreNone(String name) {
    assertThatThrownBy(() -> head(200, Headers.of(name, "x"), 0, false))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
