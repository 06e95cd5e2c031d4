package dev.lambic.runtime;

import dev.lambic.http.BodyFlow;
import dev.lambic.http.BodyReceiver;
import dev.lambic.http.Headers;
import dev.lambic.http.Responder;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/**
 * The result of an invocation while the runtime streams it: handed on piece by piece to a caller
 * who asked for that, else collected.
 *
 * <p>Follows "Building a custom runtime", response streaming. Called on the connection's thread.
 */
final class StreamedResult implements BodyReceiver {
  /** The most that a caller who asked for a stream is given: 200 MiB, AWS's quota. */
  static final int MAX_STREAMED_BYTES = 200 << 20;

  private static final String ERROR_TYPE = "Lambda-Runtime-Function-Error-Type";
  private static final String ERROR_BODY = "Lambda-Runtime-Function-Error-Body";

  private final RuntimeApi api;
  private final EnvironmentListener listener;
  private final Work work;
  private final Responder responder;
  private final @Nullable ByteArrayOutputStream collected;
  private int length;

  StreamedResult(RuntimeApi api, EnvironmentListener listener, Work work, Responder responder) {
    this.api = api;
    this.listener = listener;
    this.work = work;
    this.responder = responder;
    this.collected = work.streamed() ? null : new ByteArrayOutputStream();
  }

  String id() {
    return work.requestId();
  }

  /** Tells the listener that pieces will come. */
  void begin(String contentType, BodyFlow flow) {
    if (collected == null) {
      listener.streaming(id(), contentType, new Flow(flow));
    }
  }

  private record Flow(BodyFlow body) implements ResultFlow {
    @Override
    public void pause() {
      body.pause();
    }

    @Override
    public void resume() {
      body.resume();
    }
  }

  @Override
  public void piece(byte[] bytes) {
    int limit = collected == null ? MAX_STREAMED_BYTES : RuntimeApi.MAX_RESPONSE_BYTES;
    boolean excess = bytes.length > limit - length;
    byte[] allowed = excess ? Arrays.copyOf(bytes, limit - length) : bytes;
    length += allowed.length;
    if (collected != null) {
      collected.writeBytes(allowed);
    } else if (allowed.length > 0) {
      listener.streamed(id(), allowed);
    }
    if (excess) {
      api.streamTooLarge(this, limit, responder);
    }
  }

  @Override
  public void end(Headers trailers) {
    String type = trailers.get(ERROR_TYPE);
    if (type != null && !type.isEmpty()) {
      byte[] body = errorBody(trailers.get(ERROR_BODY));
      api.streamOver(this, responder, () -> listener.failed(id(), type, body));
    } else if (collected != null) {
      byte[] body = collected.toByteArray();
      api.streamOver(this, responder, () -> listener.responded(id(), body));
    } else {
      api.streamOver(this, responder, () -> listener.streamEnded(id()));
    }
  }

  @Override
  public void broken(String reason) {
    api.streamBroken(this, responder);
  }

  /** Trailers carry JSON in base64; what is neither is taken as it is. */
  private static byte[] errorBody(@Nullable String trailer) {
    if (trailer == null) {
      return new byte[0];
    }
    try {
      return Base64.getDecoder().decode(trailer);
    } catch (IllegalArgumentException e) {
      return trailer.getBytes(StandardCharsets.UTF_8);
    }
  }
}
