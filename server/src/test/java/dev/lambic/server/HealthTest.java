package dev.lambic.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lambic.http.HttpConfig;
import dev.lambic.http.HttpServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What a server says of itself while a part of it cannot work. */
class HealthTest {
  @Test
  void aServerThatCannotWriteSaysThatItIsNotWell() throws Exception {
    AtomicReference<@Nullable String> trouble = new AtomicReference<>();
    Health health = new Health(Map.of("events", trouble::get, "functions", () -> null));
    try (HttpServer server =
            HttpServer.start(
                1,
                (where, fault) -> {
                  throw new AssertionError(where, fault);
                });
        HttpClient client = HttpClient.newHttpClient()) {
      HttpServer.Listener listener =
          server.listen(
              new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
              HttpConfig.standard(),
              health);
      HttpRequest request =
          HttpRequest.newBuilder(
                  URI.create("http://127.0.0.1:" + listener.address().getPort() + "/"))
              .build();
      HttpResponse<String> well = client.send(request, HttpResponse.BodyHandlers.ofString(UTF_8));
      assertThat(well.statusCode()).isEqualTo(200);
      assertThat(well.body()).isEqualTo("{\"status\":\"ready\"}");
      trouble.set("the disk is gone");
      HttpResponse<String> ill = client.send(request, HttpResponse.BodyHandlers.ofString(UTF_8));
      assertThat(ill.statusCode()).isEqualTo(503);
      assertThat(ill.body()).isEqualTo("{\"status\":\"failing\",\"parts\":[\"events\"]}");
    }
  }
}
