package dev.lambic.acceptance;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import software.amazon.awssdk.services.lambda.LambdaClient;

/** One server for all tests of a class, with a client of it. */
final class SharedLambic implements BeforeAllCallback, AfterAllCallback {
  private final String[] options;
  private @Nullable RunningLambic lambic;
  private @Nullable LambdaClient client;

  SharedLambic(String... options) {
    this.options = options;
  }

  @Override
  public void beforeAll(ExtensionContext context) {
    RunningLambic started = RunningLambic.start(options);
    lambic = started;
    client = Clients.lambda(started.address());
  }

  @Override
  public void afterAll(ExtensionContext context) {
    lambda().close();
    server().close();
  }

  RunningLambic server() {
    RunningLambic started = lambic;
    if (started == null) {
      throw new IllegalStateException("not started");
    }
    return started;
  }

  LambdaClient lambda() {
    LambdaClient made = client;
    if (made == null) {
      throw new IllegalStateException("not started");
    }
    return made;
  }
}
