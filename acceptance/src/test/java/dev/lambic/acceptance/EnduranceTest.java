package dev.lambic.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * A thousand calls, one after the other, of which many end badly: every answer is the right one,
 * and when the functions are gone the server holds exactly what it held before.
 */
class EnduranceTest {
  private static final long SEED = 20_261_125;
  private static final int CALLS = 1000;
  private static final Duration LIMIT = Duration.ofSeconds(60);

  @RegisterExtension static final SharedLambic LAMBIC = new SharedLambic();

  /** What a call does, and how often of the thousand; all others are answered. */
  private enum Kind {
    EXIT(40),
    SIGNAL(20),
    MEMORY(6),
    TIMEOUT(4),
    LARGE(20),
    RAISE(100),
    BACKGROUND(40),
    LITTER(60),
    NODE(100),
    NODE_EXIT(10),
    ECHO(0);

    private final int times;

    Kind(int times) {
      this.times = times;
    }
  }

  @Test
  void aThousandCallsLeaveNothingBehind() {
    // What is made at the first use of its kind, such as a class or a connection, is there after
    // this.
    new Round().run(List.of(Kind.values()));
    awaitNoEnvironment();
    Holdings before = Holdings.of(LAMBIC.server());
    new Round().run(shuffled());
    Await.until(
        LIMIT,
        () -> "all is as it was, but: " + Holdings.of(LAMBIC.server()).since(before),
        () -> Holdings.of(LAMBIC.server()).since(before).isEmpty());
  }

  private static List<Kind> shuffled() {
    List<Kind> kinds = new ArrayList<>();
    for (Kind kind : Kind.values()) {
      kinds.addAll(Collections.nCopies(kind.times, kind));
    }
    kinds.addAll(Collections.nCopies(CALLS - kinds.size(), Kind.ECHO));
    Collections.shuffle(kinds, new Random(SEED));
    return kinds;
  }

  /** Waits until there is none, and as many of the things that are kept ready as always. */
  private static void awaitNoEnvironment() {
    try (RunningLambic fresh = RunningLambic.start()) {
      String none = Residue.of(fresh).counts();
      Await.until(
          LIMIT,
          () -> "instead of " + none + ": " + Residue.of(LAMBIC.server()).counts(),
          () -> Residue.of(LAMBIC.server()).counts().equals(Residue.of(fresh).counts()));
    }
  }

  /** Calls of functions that are made for it and deleted after it. */
  private static final class Round {
    private final TestFunction python =
        TestFunction.python(LAMBIC.lambda(), "python", "endure.py", s -> s.memorySize(1024));
    private final TestFunction slow =
        TestFunction.python(LAMBIC.lambda(), "slow", "endure.py", s -> s.timeout(1));
    private final TestFunction node =
        TestFunction.node(LAMBIC.lambda(), "node", "failing.mjs", s -> {});

    void run(List<Kind> kinds) {
      for (int call = 0; call < kinds.size(); call++) {
        check(kinds.get(call), call);
      }
      List.of(python, slow, node).forEach(TestFunction::delete);
    }

    private void check(Kind kind, int number) {
      String text = "call " + number;
      switch (kind) {
        case ECHO -> assertThat(call("echo", text).success().asText()).isEqualTo(text);
        case BACKGROUND -> assertThat(call("background", text).success().asText()).isEqualTo(text);
        case LITTER ->
            assertThat(call("litter", text).success())
                .isEqualTo(Invoked.parse("[\"file\",\"link\",\"pipe\"]"));
        case RAISE -> failed(call("raise", text), "ValueError", text);
        case LARGE ->
            failed(
                call("large", text),
                "Function.ResponseSizeTooLarge",
                "Response payload size (6291658 bytes) exceeded maximum allowed payload size"
                    + " (6291556 bytes).");
        case EXIT -> exited(python.invoke("{\"do\":\"exit\",\"code\":9}"), "exit status 9");
        case SIGNAL -> exited(python.invoke("{\"do\":\"signal\",\"signal\":6}"), "signal: aborted");
        case MEMORY -> exited(call("memory", text), "signal: killed");
        case TIMEOUT -> {
          Invoked answer = slow.act("sleep");
          failed(
              answer,
              "Sandbox.Timedout",
              "RequestId: " + answer.requestId() + " Error: Task timed out after 1.00 seconds");
        }
        case NODE -> assertThat(node.act("nothing").success().asText()).isEqualTo("well");
        case NODE_EXIT -> exited(node.act("exit"), "exit status 5");
      }
    }

    private Invoked call(String what, String text) {
      return python.invoke("{\"do\":\"" + what + "\",\"text\":\"" + text + "\"}");
    }
  }

  private static void exited(Invoked answer, String how) {
    failed(
        answer,
        "Runtime.ExitError",
        "RequestId: " + answer.requestId() + " Error: Runtime exited with error: " + how);
  }

  private static void failed(Invoked answer, String type, String message) {
    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.error()).isEqualTo("Unhandled");
    assertThat(answer.errorType()).isEqualTo(type);
    assertThat(answer.errorMessage()).isEqualTo(message);
  }
}
