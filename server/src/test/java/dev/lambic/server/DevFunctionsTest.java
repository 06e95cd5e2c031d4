package dev.lambic.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lambic.functions.Ambient;
import dev.lambic.functions.FunctionService;
import dev.lambic.functions.FunctionsConfig;
import dev.lambic.functions.ProvisionedEnvironments;
import dev.lambic.images.ImageSources;
import dev.lambic.images.ImageStore;
import dev.lambic.images.Platform;
import dev.lambic.images.RegistryLogins;
import dev.lambic.kernel.FaultHandler;
import dev.lambic.kernel.Ids;
import dev.lambic.kernel.Ticker;
import dev.lambic.store.Records;
import dev.lambic.store.SqliteRecords;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.URI;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a server is told to delete at its start, and what it is told over its socket. */
class DevFunctionsTest {
  @TempDir private Path directory;

  private final List<String> told = new CopyOnWriteArrayList<>();
  private final FaultHandler faults = (where, fault) -> told.add(where + ": " + fault.getMessage());
  private Records records;
  private FunctionService functions;

  @BeforeEach
  void open() {
    records = SqliteRecords.open(directory.resolve("lambic.db"));
    ImageStore images =
        ImageStore.open(
            directory.resolve("images"),
            ImageSources.everywhere(RegistryLogins.none()),
            Platform.host(),
            Ticker.system(),
            Duration.ZERO);
    functions =
        FunctionService.open(
            new FunctionsConfig(
                directory.resolve("functions"),
                "x86_64",
                1,
                () -> URI.create("http://localhost:4566/")),
            records,
            runtime -> {},
            new Containers(images, key -> false),
            version -> ProvisionedEnvironments.State.NONE,
            new Ambient(Ticker.system(), Ids.seeded(1), faults, () -> 0));
  }

  @AfterEach
  void close() {
    functions.close();
    records.close();
  }

  private DevFunctions dev() {
    return DevFunctions.open(
        records,
        functions,
        (invocation, answer) -> {},
        image -> {},
        Ticker.system(),
        Ids.seeded(2),
        faults);
  }

  @Test
  void aRecordThatCannotBeReadIsToldAndForgotten() {
    records.transaction(in -> {
      in.put("dev-function", "damaged", "000000000000/us/east/1/name".getBytes(UTF_8));
      in.put("dev-function", "gone", "000000000000/us-east-1/name".getBytes(UTF_8));
      return true;
    });
    dev();
    assertThat(told).hasSize(1).first().asString().contains("000000000000/us/east/1/name");
    List<Records.Entry> left = records.transaction(in -> in.scan("dev-function"));
    assertThat(left).isEmpty();
  }

  /** Also where the name of the socket is longer than an address may be. */
  @Test
  void aRegionThatIsNoneIsRefused() throws IOException {
    Path data = Files.createDirectories(directory.resolve("d".repeat(60)).resolve("d".repeat(60)));
    Path project = Files.createDirectory(directory.resolve("project"));
    Path home = Files.createDirectory(directory.resolve("home"));
    Path near = Files.createSymbolicLink(directory.resolve("near"), data);
    try (DevSocket _ = DevSocket.open(data.resolve("dev.socket"), dev(), data, home, faults);
        SocketChannel client = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      client.connect(UnixDomainSocketAddress.of(near.resolve("dev.socket")));
      client.write(
          ByteBuffer.wrap(("lambic dev 1\n" + project + "\nus/east/1\n{}\n").getBytes(UTF_8)));
      BufferedReader answer = new BufferedReader(Channels.newReader(client, UTF_8));
      assertThat(answer.readLine()).isEqualTo("error this is no region: us/east/1");
    }
    assertThat(told).isEmpty();
  }
}
