package dev.lambic.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.lambda.LambdaClient;

/** How a server ends when it is asked to, and who may start beside it. */
class ShutdownTest {
  @Test
  void runningCallsFinishAndNothingIsLeft() throws Exception {
    try (RunningLambic lambic = RunningLambic.start();
        LambdaClient lambda = Clients.lambda(lambic.address())) {
      Path pid = lambic.data().resolve("server.pid");
      assertThat(Files.readAllLines(pid))
          .containsExactly(String.valueOf(lambic.pid()), lambic.address().toString());
      Residue held;
      try (Announced call = Announced.begin(lambda, 3)) {
        held = Residue.of(lambic);
        lambic.askToEnd();
        assertThat(call.await().success().asText()).isEqualTo("slept");
      }
      assertThat(lambic.awaitEnd()).isZero();
      assertThat(pid).doesNotExist();
      assertThatThrownBy(lambda::listFunctions).isInstanceOf(SdkException.class);
      nothingIsLeft(lambic.data(), held);
      lambic.launch();
      try (LambdaClient again = Clients.lambda(lambic.address())) {
        assertThat(again.listFunctions().functions()).hasSize(2);
        assertThat(
                again
                    .invoke(request ->
                        request
                            .functionName(Announced.BOARD)
                            .payload(SdkBytes.fromUtf8String("{\"do\":\"echo\"}")))
                    .functionError())
            .isNull();
      }
    }
  }

  private static void nothingIsLeft(Path data, Residue held) {
    assertThat(held.processes()).isNotEmpty();
    assertThat(held.cgroups()).isNotEmpty();
    assertThat(held.networks()).isNotEmpty();
    assertThat(held.loops()).isNotEmpty();
    Await.until(
        Duration.ofSeconds(10),
        () -> "left behind: " + held.survivors(),
        () -> held.survivors().isEmpty());
    assertThat(Residue.hostMounts(data)).isEmpty();
    Await.until(
        Duration.ofSeconds(10),
        () -> "left behind: " + Residue.loops(data) + Residue.processesNaming(data),
        () -> Residue.loops(data).isEmpty() && Residue.processesNaming(data).isEmpty());
  }

  @Test
  void aServerThatIsKilledLeavesNoProcess() {
    try (RunningLambic lambic = RunningLambic.start();
        LambdaClient lambda = Clients.lambda(lambic.address())) {
      TestFunction.python(lambda, "here", "probe.py").act("echo");
      Residue held = Residue.of(lambic);
      lambic.killHard();
      Await.until(
          Duration.ofSeconds(10),
          () -> "left behind: " + Residue.loops(lambic.data()) + held.survivors(),
          () ->
              Residue.loops(lambic.data()).isEmpty()
                  && Residue.processesNaming(lambic.data()).isEmpty()
                  && held.survivors().stream().allMatch(left -> left.startsWith("cgroup")));
      lambic.launch();
      assertThat(held.survivors()).as("empty groups are swept at the next start").isEmpty();
    }
  }

  @Test
  void aDirectoryHasOneServer() {
    try (RunningLambic lambic = RunningLambic.start()) {
      Script.Ended second = lambic.startAnother("--port", "0");
      assertThat(second.code()).isEqualTo(1);
      assertThat(second.output()).contains("another server uses " + lambic.data());
      assertThat(lambic.isAlive()).isTrue();
      assertThat(lambic.data().resolve("server.pid")).exists();
    }
  }

  @Test
  void aPortHasOneServer(@TempDir Path elsewhere) {
    try (RunningLambic lambic = RunningLambic.start()) {
      Script.Ended second =
          RunningLambic.startIn(elsewhere, "--port", String.valueOf(lambic.address().getPort()));
      assertThat(second.code()).isEqualTo(1);
      assertThat(second.output())
          .contains(String.valueOf(lambic.address().getPort()))
          .doesNotContain("\tat ");
    }
  }

  @Test
  void badOptionsAreMisuse(@TempDir Path unused) {
    String[][] wrong = {
      {"--port", "many"}, {"--port", "70000"}, {"--auth", "maybe"}, {"--colour", "red"}, {"--host"}
    };
    for (String[] options : wrong) {
      Script.Ended ended = RunningLambic.startIn(unused, options);
      assertThat(ended.code()).as(ended.output()).isEqualTo(2);
      assertThat(ended.output()).startsWith("lambic: ").contains(options[0]);
    }
  }
}
