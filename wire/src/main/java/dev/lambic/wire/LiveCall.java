package dev.lambic.wire;

import dev.lambic.http.Headers;
import dev.lambic.http.HttpRequest;
import dev.lambic.http.Responder;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.SdkRequest;

/** A {@link Call} that came over HTTP. */
final class LiveCall implements Call {
  private final Caller caller;
  private final String requestId;
  private final String operation;
  private final HttpRequest request;
  private final Responder responder;
  private final RouteTable.@Nullable Match match;
  private final ServiceSlot.@Nullable Loaded loaded;
  private final BiConsumer<Call, Throwable> failure;
  private @Nullable QueryString query;

  LiveCall(
      Authenticator.Result sender,
      String requestId,
      String operation,
      Responder responder,
      RouteTable.@Nullable Match match,
      ServiceSlot.@Nullable Loaded loaded,
      BiConsumer<Call, Throwable> failure) {
    this.caller = sender.caller();
    this.request = sender.request();
    this.requestId = requestId;
    this.operation = operation;
    this.responder = responder;
    this.match = match;
    this.loaded = loaded;
    this.failure = failure;
  }

  @Override
  public Caller caller() {
    return caller;
  }

  @Override
  public String requestId() {
    return requestId;
  }

  @Override
  public String operation() {
    return operation;
  }

  @Override
  public HttpRequest request() {
    return request;
  }

  @Override
  public Responder responder() {
    return responder;
  }

  @Override
  public @Nullable String label(String name) {
    return match == null ? null : match.label(name);
  }

  @Override
  public @Nullable String query(String name) {
    if (query == null) {
      query = QueryString.parse(request.rawQuery());
    }
    return query.get(name);
  }

  @Override
  public Headers answerHeaders() {
    return Headers.of(ErrorFormat.REQUEST_ID, requestId);
  }

  @Override
  public <T extends SdkRequest> T typed(Class<T> type) {
    if (match == null || loaded == null) {
      throw new IllegalStateException("the operation has no typed form");
    }
    SdkRequest typed = AwsEndpoint.protocol(match.operation(), loaded.data()).read(match, request);
    loaded.validator().check(operation, typed);
    return type.cast(typed);
  }

  @Override
  public void fail(Throwable error) {
    failure.accept(this, error);
  }
}
