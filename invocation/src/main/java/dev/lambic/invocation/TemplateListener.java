package dev.lambic.invocation;

import dev.lambic.runtime.ProcessEnd;
import dev.lambic.runtime.ResultFlow;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;

/** Hears of one environment of which a snapshot is made, until it is ready for that or fails. */
class TemplateListener extends LoggedListener {
  private final CompletableFuture<Templates.Made> outcome = new CompletableFuture<>();

  TemplateListener(EnvironmentLog log) {
    super(log);
  }

  /** Completes once; {@link Templates.Made.Done} if it can be written down now. */
  CompletableFuture<Templates.Made> outcome() {
    return outcome;
  }

  @Override
  public void checkpointable() {
    outcome.complete(new Templates.Made.Done());
  }

  @Override
  public void ready() {
    outcome.complete(new Templates.Made.Impossible("The runtime knows nothing of snapshots."));
  }

  @Override
  public void initFailed(String errorType, byte[] body) {
    String reason = new String(body, StandardCharsets.UTF_8);
    outcome.complete(new Templates.Made.Failed(errorType, reason, false));
  }

  @Override
  public void exited(int code, int signal) {
    broken("Runtime.ExitError", ProcessEnd.describeRuntime(code, signal));
  }

  @Override
  public void broken(String errorType, String message) {
    outcome.complete(new Templates.Made.Failed(errorType, message, false));
  }

  // It gets no events, so there is nothing to answer.

  @Override
  public void responded(String requestId, byte[] body) {}

  @Override
  public void streaming(String requestId, String contentType, ResultFlow flow) {}

  @Override
  public void streamed(String requestId, byte[] piece) {}

  @Override
  public void streamEnded(String requestId) {}

  @Override
  public void failed(String requestId, String errorType, byte[] body) {}
}
