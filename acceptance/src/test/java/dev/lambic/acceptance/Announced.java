package dev.lambic.acceptance;

import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import software.amazon.awssdk.services.lambda.LambdaClient;

/** A call that is known to run, because its function has said so. */
final class Announced implements AutoCloseable {
  /** Name of the function whose description tells. */
  static final String BOARD = "board";

  private final ExecutorService caller = Executors.newVirtualThreadPerTaskExecutor();
  private final Future<Invoked> call;
  private String requestId = "";

  private Announced(TestFunction function, int seconds) {
    String event = "{\"board\":\"" + BOARD + "\",\"seconds\":" + seconds + "}";
    this.call = caller.submit(() -> function.invoke(event));
  }

  /** Deploys what is needed, calls a function that takes some seconds, and waits until it runs. */
  static Announced begin(LambdaClient lambda, int seconds) {
    TestFunction board = TestFunction.python(lambda, BOARD, "probe.py");
    TestFunction announcer =
        TestFunction.python(
            lambda, "announcer", "announcer.py", settings -> settings.memorySize(1024));
    Announced announced = new Announced(announcer, seconds);
    Await.until(
        Duration.ofSeconds(20),
        "the call runs",
        () -> {
          announced.requestId = board.configuration().description();
          return !announced.requestId.isEmpty();
        });
    return announced;
  }

  String requestId() {
    return requestId;
  }

  Invoked await() throws ExecutionException, InterruptedException, TimeoutException {
    return call.get(60, TimeUnit.SECONDS);
  }

  @Override
  public void close() {
    caller.close();
  }
}
