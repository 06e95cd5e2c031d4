package dev.lambic.runtime;

import dev.lambic.http.BodyFlow;
import dev.lambic.http.BodyReceiver;
import dev.lambic.http.Headers;
import dev.lambic.http.HttpHandler;
import dev.lambic.http.HttpRequest;
import dev.lambic.http.Responder;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The Runtime API, version 2018-06-01, of one environment.
 *
 * <p>Its paths for snapshots, {@code restore/next} and {@code restore/error}, exist as on AWS only
 * where a version has snapshots: the template of a snapshot gets no answer to the first, its
 * restored copies get one at once. {@code Lambda-Runtime-Cognito-Identity} is never sent: on AWS it
 * tells who signed the call by an identity pool of Cognito, not what a client claims in its client
 * context, and there are no such pools here.
 *
 * <p>Whatever is inside the environment may call it in any order, so every call is checked against
 * what is due: nobody answers an invocation that is not running, and nobody answers twice. Requests
 * come on the server's threads, {@link #deliver} on any thread; the state is guarded by this
 * object's lock, and neither the listener nor a socket is touched while it is held.
 */
final class RuntimeApi implements HttpHandler {
  /** The most a synchronous invocation may answer: 6 MiB and a hundred bytes, as AWS's API. */
  static final int MAX_RESPONSE_BYTES = 6 * 1024 * 1024 + 100;

  private static final String PREFIX = "/2018-06-01/runtime/";
  private static final String INVOCATION = PREFIX + "invocation/";
  private static final String NEXT = INVOCATION + "next";
  private static final String INIT_ERROR = PREFIX + "init/error";
  private static final String RESTORE_NEXT = PREFIX + "restore/next";
  private static final String RESTORE_ERROR = PREFIX + "restore/error";
  private static final String TOO_LARGE = "Function.ResponseSizeTooLarge";
  private static final String TRUNCATED = "Runtime.TruncatedResponse";
  private static final String MODE = "Lambda-Runtime-Function-Response-Mode";
  private static final String STREAMING = "streaming";

  /** By this at the end of their target, our bootstraps say that their next request follows. */
  private static final String AND_NEXT = "?next";

  private static final HexFormat HEX = HexFormat.of();
  private static final byte[] ACCEPTED = "{\"status\":\"OK\"}\n".getBytes(StandardCharsets.UTF_8);

  private final EnvironmentListener listener;
  private final LongConsumer ready;
  private final @Nullable SnapStart snapStart;

  private @Nullable Responder waiting;
  private @Nullable Work pending;
  private @Nullable Work running;
  private @Nullable Responder carrier;
  private @Nullable StreamedResult stream;
  private boolean streamBroken;
  private @Nullable Responder early;
  private boolean initialized;
  private volatile boolean goneOn;
  private boolean closed;
  private long delivered;

  /** An API without an event, and without snapshots. */
  RuntimeApi(EnvironmentListener listener, LongConsumer ready) {
    this(listener, ready, null);
  }

  /**
   * An API without an event.
   *
   * @param listener told of everything but that the runtime waits
   * @param ready told that the runtime waits for an event, and how many it had been given when it
   *     began to wait; another may be on its way by the time this is called
   * @param snapStart what concerns snapshots; null where there are none
   */
  RuntimeApi(EnvironmentListener listener, LongConsumer ready, @Nullable SnapStart snapStart) {
    this.snapStart = snapStart;
    this.listener = listener;
    this.ready = ready;
  }

  /** Lets go of events and connections, for others may refer to a dead environment for a while. */
  synchronized void close() {
    closed = true;
    waiting = null;
    pending = null;
    running = null;
    carrier = null;
    stream = null;
    early = null;
  }

  /**
   * Hands the event to the runtime: at once if it waits for one, else when it next asks.
   *
   * @throws IllegalStateException if an event is on its way or running already
   */
  void deliver(Work work) {
    Responder to;
    synchronized (this) {
      delivered++;
      if (closed) {
        return;
      }
      if (pending != null || running != null) {
        throw new IllegalStateException("the environment is busy");
      }
      to = waiting;
      waiting = null;
      if (to == null) {
        pending = work;
      } else {
        running = work;
        carrier = to;
      }
    }
    if (to != null) {
      give(to, work);
    }
  }

  private static void give(Responder to, Work work) {
    Headers headers =
        Headers.of(
            "Content-Type", "application/json",
            "Lambda-Runtime-Aws-Request-Id", work.requestId(),
            "Lambda-Runtime-Deadline-Ms", Long.toString(work.deadlineMillis()),
            "Lambda-Runtime-Invoked-Function-Arn", work.invokedArn());
    String traceId = work.traceId();
    if (traceId != null) {
      headers.add("Lambda-Runtime-Trace-Id", traceId);
    }
    String clientContext = work.clientContext();
    if (clientContext != null) {
      headers.add("Lambda-Runtime-Client-Context", headerSafe(clientContext));
    }
    String tenantId = work.tenantId();
    if (tenantId != null) {
      headers.add("Lambda-Runtime-Aws-Tenant-Id", tenantId);
    }
    to.send(200, headers, work.payload());
  }

  /** The same JSON in characters that a header can carry. */
  private static String headerSafe(String json) {
    if (json.chars().allMatch(c -> c >= ' ' && c < 0x7f)) {
      return json;
    }
    StringBuilder safe = new StringBuilder(json.length() + 32);
    for (int i = 0; i < json.length(); i++) {
      char c = json.charAt(i);
      if (c < ' ') {
        // Outside of strings, which cannot hold them, control characters are white space.
        safe.append(' ');
      } else if (c < 0x7f) {
        safe.append(c);
      } else {
        safe.append("\\u").append(HEX.toHexDigits(c));
      }
    }
    return safe.toString();
  }

  @Override
  public void handle(HttpRequest request, Responder responder) {
    String path = request.rawPath();
    boolean post = request.method().equals("POST");
    if (path.equals(NEXT) && request.method().equals("GET")) {
      next(responder);
    } else if (post && path.startsWith(INVOCATION) && path.endsWith("/response")) {
      answer(idIn(path, "/response"), request, responder, false);
    } else if (post && path.startsWith(INVOCATION) && path.endsWith("/error")) {
      answer(idIn(path, "/error"), request, responder, true);
    } else if (post && path.equals(INIT_ERROR)) {
      initError(request, responder);
    } else if (snapStart != null && path.equals(RESTORE_NEXT)) {
      restoreNext(snapStart, responder);
    } else if (snapStart != null && post && path.equals(RESTORE_ERROR)) {
      restoreError(request, responder);
    } else if (snapStart != null && path.equals(SnapStart.CREDENTIALS)) {
      snapStart.giveCredentials(request, responder);
    } else {
      refuse(404, "ResourceNotFound", "Unknown Runtime API path", responder);
    }
  }

  /** An invocation has failed whose answer is too large for the server. */
  @Override
  public void refuse(int status, String reason, @Nullable HttpRequest head, Responder responder) {
    Work failed = null;
    String answered = head == null || status != 413 ? "" : answeredBy(head);
    synchronized (this) {
      Work current = running;
      if (stream == null && current != null && answered.equals(current.requestId())) {
        failed = current;
        running = null;
        carrier = null;
      }
    }
    if (failed != null) {
      listener.failed(failed.requestId(), TOO_LARGE, tooLarge("", MAX_RESPONSE_BYTES));
    }
    refuse(status, status == 413 ? "RequestEntityTooLarge" : "BadRequest", reason, responder);
  }

  /** The id of the invocation that the request answers; empty if it is not an answer. */
  private static String answeredBy(HttpRequest request) {
    String path = request.rawPath();
    if (!request.method().equals("POST") || !path.startsWith(INVOCATION)) {
      return "";
    }
    if (path.endsWith("/response")) {
      return idIn(path, "/response");
    }
    return path.endsWith("/error") ? idIn(path, "/error") : "";
  }

  @Override
  public boolean wantsPieces(HttpRequest head) {
    return STREAMING.equals(head.headers().get(MODE))
        && head.method().equals("POST")
        && head.rawPath().startsWith(INVOCATION)
        && head.rawPath().endsWith("/response");
  }

  @Override
  public BodyReceiver receive(HttpRequest head, BodyFlow flow, Responder responder) {
    String id = idIn(head.rawPath(), "/response");
    StreamedResult result = null;
    synchronized (this) {
      Work current = running;
      if (current != null && isDue(id)) {
        result = new StreamedResult(this, listener, current, responder);
        stream = result;
        streamBroken = false;
        carrier = null;
      }
    }
    if (result == null) {
      refuse(400, "InvalidRequestID", "Invalid request ID", responder);
      return new Refused();
    }
    String type = head.headers().get("Content-Type");
    result.begin(type == null ? "application/octet-stream" : type, flow);
    return result;
  }

  /** Takes what nobody wants. */
  private static final class Refused implements BodyReceiver {
    @Override
    public void piece(byte[] bytes) {}

    @Override
    public void end(Headers trailers) {}

    @Override
    public void broken(String reason) {}
  }

  /** Whether the invocation may be answered now; with the lock held. */
  private boolean isDue(String id) {
    Work current = running;
    return current != null && id.equals(current.requestId()) && (stream == null || streamBroken);
  }

  /** The stream is over; tells the listener, and the runtime that it did well. */
  void streamOver(StreamedResult result, Responder responder, Runnable tell) {
    Responder next = finish(result);
    tell.run();
    responder.send(202, json(), ACCEPTED);
    if (next != null) {
      next(next);
    }
  }

  void streamTooLarge(StreamedResult result, int limit, Responder responder) {
    Responder next = finish(result);
    listener.failed(result.id(), TOO_LARGE, tooLarge(" (" + (limit + 1L) + " bytes)", limit));
    refuseTooLarge(limit, responder);
    if (next != null) {
      next(next);
    }
  }

  private synchronized @Nullable Responder finish(StreamedResult result) {
    if (stream == result) {
      stream = null;
      running = null;
    }
    Responder next = early;
    early = null;
    return next;
  }

  /**
   * The runtime broke its result off. Either it is about to end, which tells more than this, or it
   * asks for the next event or reports an error: what became of the invocation is settled then.
   */
  void streamBroken(StreamedResult result, Responder responder) {
    Responder next;
    synchronized (this) {
      streamBroken |= stream == result;
      next = early;
      early = null;
    }
    refuse(400, "TruncatedHTTPRequest", "HTTP request detected as truncated", responder);
    if (next != null) {
      next(next);
    }
  }

  private static String idIn(String path, String ending) {
    int end = path.length() - ending.length();
    return end <= INVOCATION.length() ? "" : path.substring(INVOCATION.length(), end);
  }

  private void next(Responder responder) {
    Work work = null;
    Work truncated = null;
    boolean due;
    long before;
    synchronized (this) {
      before = delivered;
      if (stream != null && !streamBroken && (early == null || !early.isOpen())) {
        // On another connection than the result's, whose end has not been read yet.
        early = responder;
        return;
      }
      if (stream != null && streamBroken) {
        truncated = running;
        running = null;
        stream = null;
      }
      due = running == null && (waiting == null || !waiting.isOpen());
      if (due && pending != null) {
        work = pending;
        pending = null;
        running = work;
        carrier = responder;
      } else if (due) {
        waiting = responder;
      }
      initialized |= due;
    }
    if (!due) {
      refuse(403, "InvalidStateTransition", "An invocation is not finished yet.", responder);
      return;
    }
    responder.onAbort(() -> forget(responder));
    if (truncated != null) {
      listener.failed(truncated.requestId(), TRUNCATED, truncated(truncated.requestId()));
    }
    if (work == null) {
      ready.accept(before);
    } else {
      // It was told before the event came that the runtime waits; now it works.
      give(responder, work);
    }
  }

  /** A connection ended before its answer was out; an event that it was to carry waits again. */
  @SuppressWarnings("ReferenceEquality") // it is this very connection that went away, or it is not
  private synchronized void forget(Responder responder) {
    if (waiting == responder) {
      waiting = null;
    } else if (carrier == responder) {
      pending = running;
      running = null;
      carrier = null;
    }
  }

  private void answer(String id, HttpRequest request, Responder responder, boolean error) {
    boolean due;
    synchronized (this) {
      due = isDue(id);
      if (due) {
        running = null;
        carrier = null;
        stream = null;
      }
    }
    if (!due) {
      refuse(400, "InvalidRequestID", "Invalid request ID", responder);
      return;
    }
    byte[] body = request.body();
    // The listener first: the server may hand on the connection's next request while it sends.
    if (error) {
      listener.failed(id, errorType(request), body);
      accept(request, responder);
    } else if (request.headers().has(MODE)) {
      String type = "Runtime.InvalidResponseModeHeader";
      listener.failed(id, type, error(type, "Invalid function response mode"));
      String text = "Invalid function response mode";
      refuse(400, "InvalidFunctionResponseMode", text, responder);
    } else if (body.length > MAX_RESPONSE_BYTES) {
      String size = " (" + body.length + " bytes)";
      listener.failed(id, TOO_LARGE, tooLarge(size, MAX_RESPONSE_BYTES));
      refuseTooLarge(MAX_RESPONSE_BYTES, responder);
    } else {
      listener.responded(id, body);
      accept(request, responder);
    }
  }

  /** A bootstrap whose wish for the next event is here already need not be woken before that. */
  private static void accept(HttpRequest request, Responder responder) {
    if (request.target().endsWith(AND_NEXT)) {
      responder.sendWithNext(202, json(), ACCEPTED);
    } else {
      responder.send(202, json(), ACCEPTED);
    }
  }

  private void initError(HttpRequest request, Responder responder) {
    boolean late;
    synchronized (this) {
      late = initialized;
    }
    if (late) {
      refuse(403, "InvalidStateTransition", "The initialization is over already.", responder);
      return;
    }
    listener.initFailed(errorType(request), request.body());
    responder.send(202, json(), ACCEPTED);
  }

  private void restoreNext(SnapStart of, Responder responder) {
    goneOn = true;
    of.goesOn();
    if (of.isTemplate()) {
      // Without an answer; it is asked again where the snapshot is restored.
      listener.checkpointable();
    } else {
      responder.send(200, json(), new byte[0]);
    }
  }

  /** Whether the runtime has asked to go on where snapshots are made. */
  boolean hasGoneOn() {
    return goneOn;
  }

  private void restoreError(HttpRequest request, Responder responder) {
    boolean late;
    synchronized (this) {
      late = initialized;
    }
    if (late) {
      refuse(403, "InvalidStateTransition", "The restore is over already.", responder);
      return;
    }
    listener.restoreFailed(errorType(request), request.body());
    responder.send(202, json(), ACCEPTED);
  }

  private static byte[] tooLarge(String size, int limit) {
    return error(
        TOO_LARGE,
        "Response payload size"
            + size
            + " exceeded maximum allowed payload size ("
            + limit
            + " bytes).");
  }

  private static byte[] truncated(String id) {
    return error(TRUNCATED, "RequestId: " + id + " Error: HTTP request detected as truncated");
  }

  private static byte[] error(String type, String message) {
    String text = "{\"errorType\":\"" + type + "\",\"errorMessage\":\"" + message + "\"}";
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static void refuseTooLarge(int limit, Responder responder) {
    String text = "Exceeded maximum allowed payload size (" + limit + " bytes).";
    refuse(413, "RequestEntityTooLarge", text, responder);
  }

  private static String errorType(HttpRequest request) {
    String type = request.headers().get("Lambda-Runtime-Function-Error-Type");
    return type == null || type.isEmpty() ? "Unhandled" : type;
  }

  private static Headers json() {
    return Headers.of("Content-Type", "application/json");
  }

  private static void refuse(int status, String type, String message, Responder responder) {
    String text = "{\"errorMessage\":\"" + message + "\",\"errorType\":\"" + type + "\"}\n";
    responder.send(status, json(), text.getBytes(StandardCharsets.UTF_8));
  }
}
