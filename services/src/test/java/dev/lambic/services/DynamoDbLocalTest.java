package dev.lambic.services;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lambic.http.BodySink;
import dev.lambic.http.Headers;
import dev.lambic.http.HttpRequest;
import dev.lambic.http.Responder;
import dev.lambic.kernel.Ids;
import dev.lambic.kernel.Ticker;
import dev.lambic.wire.AwsEndpoint;
import dev.lambic.wire.Service;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a client sees of DynamoDB Local where it cannot answer; what it answers, clients test. */
final class DynamoDbLocalTest {
  @TempDir private Path directory;
  private final List<Throwable> faults = new CopyOnWriteArrayList<>();
  private DynamoDbLocal dynamoDb;
  private AwsEndpoint endpoint;

  @BeforeEach
  void open() {
    dynamoDb =
        new DynamoDbLocal(
            directory.resolve("installation"),
            directory.resolve("tables"),
            directory.resolve("log"),
            Ticker.system());
    endpoint =
        AwsEndpoint.builder(Ticker.system(), Ids.seeded(1), (where, fault) -> faults.add(fault))
            .service(Service.passThrough("dynamodb", "DynamoDB_20120810", dynamoDb))
            .build();
  }

  @AfterEach
  void close() {
    dynamoDb.close();
    assertThat(faults).isEmpty();
  }

  @Test
  void whatIsNotInstalledSaysHowToInstallIt() throws Exception {
    assertThat(answer("POST", "ListTables"))
        .startsWith("500")
        .contains("./lambic install dynamodb");
  }

  @Test
  void aProcessThatEndsAtOnceIsReportedWithItsLog() throws Exception {
    Files.createDirectories(directory.resolve("installation"));
    assertThat(answer("POST", "ListTables")).startsWith("500").contains("it ended with code");
    assertThat(directory.resolve("log")).content().contains("ClassNotFoundException");
  }

  @Test
  void whatCannotBePassedOnIsTheCallersFault() throws Exception {
    assertThat(answer("CONNECT", "ListTables")).startsWith("400").contains("cannot be passed on");
  }

  private String answer(String method, String operation) throws Exception {
    CompletableFuture<String> answer = new CompletableFuture<>();
    endpoint.handle(
        new HttpRequest(
            method,
            "/",
            Headers.of("X-Amz-Target", "DynamoDB_20120810." + operation),
            "{}".getBytes(StandardCharsets.UTF_8),
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 1)),
        new OneAnswer(answer));
    return answer.get(30, TimeUnit.SECONDS);
  }

  private record OneAnswer(CompletableFuture<String> answer) implements Responder {
    @Override
    public void send(int status, Headers headers, byte[] body) {
      answer.complete(status + " " + new String(body, StandardCharsets.UTF_8));
    }

    @Override
    public BodySink begin(int status, Headers headers) {
      throw new UnsupportedOperationException("answers here are whole");
    }

    @Override
    public boolean isOpen() {
      return true;
    }

    @Override
    public void onAbort(Runnable action) {}
  }
}
