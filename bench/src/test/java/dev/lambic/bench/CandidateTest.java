package dev.lambic.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What is compared must do the same. */
final class CandidateTest {
  private static byte[] post(String body) {
    return ("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: "
            + body.length()
            + "\r\n\r\n"
            + body)
        .getBytes(StandardCharsets.ISO_8859_1);
  }

  private static HttpClient connect(EchoServer server) throws IOException {
    return HttpClient.connect(
        new InetSocketAddress(InetAddress.getLoopbackAddress(), server.port()));
  }

  @ParameterizedTest
  @EnumSource
  void echoesAgainAndAgainOnOneConnection(Candidate candidate) throws IOException {
    try (EchoServer server = candidate.start();
        HttpClient client = connect(server)) {
      for (String body : new String[] {"a", "bb", "c".repeat(100_000)}) {
        HttpMessage answer = client.exchange(post(body));
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.text()).isEqualTo(body);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void answersPipelinedRequestsInTheirOrder(Candidate candidate) throws IOException {
    try (EchoServer server = candidate.start();
        HttpClient client = connect(server)) {
      client.send(post("1"));
      client.send(post("2"));
      client.send(post("3"));
      assertThat(client.receive().text()).isEqualTo("1");
      assertThat(client.receive().text()).isEqualTo("2");
      assertThat(client.receive().text()).isEqualTo("3");
    }
  }

  @ParameterizedTest
  @EnumSource
  void listensMoreThanOnce(Candidate candidate) throws IOException {
    try (EchoServer server = candidate.start()) {
      server.listenMore();
      try (HttpClient client = connect(server)) {
        assertThat(client.exchange(post("still")).text()).isEqualTo("still");
      }
    }
  }
}
