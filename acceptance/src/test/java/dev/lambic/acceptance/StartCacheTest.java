package dev.lambic.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.services.lambda.LambdaClient;

/** The cache of a JVM that has seen a server, from which the next ones start. */
class StartCacheTest {
  @TempDir Path directory;

  @Test
  void serversStartFromTheCacheOfOneThatPractised() throws IOException {
    Path data = Files.createDirectory(directory.resolve("data"));
    Path cache = directory.resolve("java.aot");
    Script.Ended ended = RunningLambic.train(data, cache);
    assertThat(ended.code()).as(ended.output()).isZero();
    assertThat(cache).isNotEmptyFile();
    // It would not start if the JVM could not use it.
    try (RunningLambic lambic = RunningLambic.startFrom(cache, "on");
        LambdaClient lambda = Clients.lambda(lambic.address())) {
      assertThat(lambda.listFunctions().functions()).isEmpty();
      assertThat(lambic.output()).isEqualTo("Lambic is ready at " + lambic.address());
    }
    byte[] part = Arrays.copyOf(Files.readAllBytes(cache), 1_000_000);
    withoutAWord(Files.write(directory.resolve("part.aot"), part));
    withoutAWord(directory.resolve("missing.aot"));
  }

  /** A cache that is of no use is none. */
  private static void withoutAWord(Path cache) {
    try (RunningLambic lambic = RunningLambic.startFrom(cache, "auto")) {
      assertThat(lambic.output()).isEqualTo("Lambic is ready at " + lambic.address());
    }
  }
}
