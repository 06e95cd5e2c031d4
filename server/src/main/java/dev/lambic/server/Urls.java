package dev.lambic.server;

import dev.lambic.fronts.Cors;
import dev.lambic.fronts.FunctionUrl;
import dev.lambic.fronts.FunctionUrls;
import dev.lambic.functions.FunctionDirectory;
import dev.lambic.functions.Resolved;
import dev.lambic.functions.UrlDirectory;
import dev.lambic.http.HttpRequest;
import dev.lambic.kernel.Blame;
import dev.lambic.kernel.LambicException;
import dev.lambic.wire.AwsEndpoint;
import dev.lambic.wire.Caller;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.lambda.model.FunctionUrlAuthType;
import software.amazon.awssdk.services.lambda.model.InvokeMode;
import software.amazon.awssdk.services.lambda.model.LambdaException;

/** The control plane's function URLs for the front that serves them, and who may use them. */
final class Urls implements FunctionUrls {
  private final UrlDirectory directory;
  private final FunctionDirectory functions;
  private final Images images;
  private final Traces traces;
  private final AwsEndpoint endpoint;

  /**
   * The URLs of all functions.
   *
   * @param endpoint knows who signed a request
   */
  Urls(
      UrlDirectory directory,
      FunctionDirectory functions,
      Images images,
      Traces traces,
      AwsEndpoint endpoint) {
    this.directory = directory;
    this.functions = functions;
    this.images = images;
    this.traces = traces;
    this.endpoint = endpoint;
  }

  @Override
  public @Nullable FunctionUrl find(String id) {
    UrlDirectory.Found found = directory.find(id);
    return found == null
        ? null
        : new FunctionUrl(
            id,
            found.region(),
            found.config().authType() == FunctionUrlAuthType.AWS_IAM,
            found.config().invokeMode() == InvokeMode.RESPONSE_STREAM,
            cors(found.config().cors()),
            found::permits,
            () -> target(found));
  }

  /** As the function's own account, because it is the URL that was asked for permission. */
  private FunctionUrl.Target target(UrlDirectory.Found url) {
    try {
      Resolved function =
          functions.resolve(Caller.ofAccount(url.account(), url.region()), url.name(), url.alias());
      return new FunctionUrl.Target(
          images.of(function.function()), function.invokedArn(), function.function().traced());
    } catch (LambdaException e) {
      throw new LambicException(
          e.awsErrorDetails().errorCode(),
          Blame.CALLER,
          String.valueOf(e.awsErrorDetails().errorMessage()),
          e);
    }
  }

  private static @Nullable Cors cors(
      software.amazon.awssdk.services.lambda.model.@Nullable Cors config) {
    return config == null
        ? null
        : new Cors(
            Objects.requireNonNullElse(config.allowCredentials(), false),
            config.allowHeaders(),
            config.allowMethods(),
            config.allowOrigins(),
            config.exposeHeaders(),
            config.maxAge());
  }

  @Override
  public Caller authenticate(HttpRequest request) {
    return endpoint.authenticate(request, "lambda");
  }

  @Override
  public String trace(@Nullable String received, boolean traced) {
    return traces.next(received, traced);
  }
}
