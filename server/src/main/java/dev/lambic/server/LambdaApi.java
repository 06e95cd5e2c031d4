package dev.lambic.server;

import dev.lambic.functions.FunctionService;
import dev.lambic.wire.Service;
import java.util.Set;
import software.amazon.awssdk.services.lambda.LambdaClient;

/** What answers for which operation of Lambda. */
final class LambdaApi {
  private static final String INVOKE = "Invoke";
  private static final String STREAM = "InvokeWithResponseStream";

  /** AWS gave it up, but clients that are old enough still send it. */
  static final String FORGOTTEN = "InvokeAsync";

  /** The operations that {@link FunctionService} does not answer. */
  static final Set<String> RAW = Set.of(INVOKE, STREAM, FORGOTTEN);

  private LambdaApi() {}

  static Service service(FunctionService functions, InvokeOperation invoke) {
    return Service.sdk("lambda", LambdaClient.class, () -> functions)
        .raw(INVOKE, invoke)
        .raw(STREAM, invoke.streamed())
        .forgotten(FORGOTTEN, "POST", "/2014-11-13/functions/{FunctionName}/invoke-async")
        .raw(FORGOTTEN, invoke::handleForgotten);
  }
}
