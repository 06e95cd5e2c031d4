package dev.lambic.fronts;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** Results as answers of function URLs. */
class UrlReplyTest {
  @Test
  void aStatusMakesAReply() throws UrlReply.Malformed {
    UrlReply reply =
        reply(
            "{\"statusCode\":201,\"headers\":{\"content-type\":\"text/plain\",\"X-Number\":3,"
                + "\"X-Flag\":true,\"X-None\":null,\"X-List\":[1]},"
                + "\"cookies\":[\"a=1; Secure\",\"b=2\"],\"body\":\"Grüße\",\"more\":{\"x\":[]}}");
    assertThat(reply.status()).isEqualTo(201);
    assertThat(text(reply)).isEqualTo("Grüße");
    assertThat(reply.headers().toString())
        .isEqualTo(
            "content-type: text/plain\nx-number: 3\nx-flag: true\nset-cookie: a=1; Secure\n"
                + "set-cookie: b=2\n");
  }

  @Test
  void aReplyIsJsonUnlessItSaysOtherwiseAndMayBeEmpty() throws UrlReply.Malformed {
    UrlReply reply = reply("{\"statusCode\":\"204\"}");
    assertThat(reply.status()).isEqualTo(204);
    assertThat(reply.headers().get("Content-Type")).isEqualTo("application/json");
    assertThat(reply.body()).isEmpty();
  }

  @Test
  void binaryBodiesAreInBase64() throws UrlReply.Malformed {
    UrlReply reply = reply("{\"isBase64Encoded\":true,\"body\":\"AP8=\",\"statusCode\":200}");
    assertThat(reply.body()).containsExactly(0, 0xff);
    malformed("{\"isBase64Encoded\":true,\"body\":\"!\",\"statusCode\":200}");
  }

  @Test
  void anyOtherValueIsTheBody() throws UrlReply.Malformed {
    assertThat(text(reply("{\"message\": \"hi\"}"))).isEqualTo("{\"message\": \"hi\"}");
    assertThat(text(reply("\"Hello \\\"you\\\"\""))).isEqualTo("Hello \"you\"");
    assertThat(text(reply("[1]"))).isEqualTo("[1]");
    assertThat(text(reply("null"))).isEqualTo("null");
    assertThat(reply("7").headers().get("Content-Type")).isEqualTo("application/json");
    assertThat(reply("7").status()).isEqualTo(200);
  }

  @Test
  void whatCannotBeAnAnswerIsMalformed() {
    malformed("{\"statusCode\":\"fine\"}");
    malformed("{\"statusCode\":101}");
    malformed("{\"statusCode\":600}");
    malformed("{\"statusCode\":200,\"body\":{}}");
    malformed("{\"statusCode\":200");
  }

  @Test
  void headersCannotBreakTheAnswer() throws UrlReply.Malformed {
    UrlReply reply =
        reply(
            "{\"statusCode\":200,\"headers\":{\"A B\":\"x\",\"\":\"x\",\"Split\":\"a\\r\\nb\","
                + "\"Content-Length\":\"1000\",\"Transfer-Encoding\":\"chunked\","
                + "\"Connection\":\"close\",\"Kept\":\"yes\"}}");
    assertThat(reply.headers().toString()).isEqualTo("kept: yes\ncontent-type: application/json\n");
  }

  private static UrlReply reply(String json) throws UrlReply.Malformed {
    return UrlReply.of(json.getBytes(StandardCharsets.UTF_8));
  }

  private static void malformed(String json) {
    assertThatThrownBy(() -> reply(json)).as(json).isInstanceOf(UrlReply.Malformed.class);
  }

  private static String text(UrlReply reply) {
    return new String(reply.body(), StandardCharsets.UTF_8);
  }
}
