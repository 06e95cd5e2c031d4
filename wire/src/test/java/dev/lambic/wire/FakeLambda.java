package dev.lambic.wire;

import software.amazon.awssdk.services.lambda.LambdaClient;

/** A Lambda that offers no operation; tests add those they need. */
class FakeLambda implements LambdaClient {
  @Override
  public String serviceName() {
    return "lambda";
  }

  @Override
  public void close() {}
}
