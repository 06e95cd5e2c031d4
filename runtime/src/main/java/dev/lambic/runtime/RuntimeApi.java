package dev.lambic.runtime;

import dev.lambic.http.Headers;
import dev.lambic.http.HttpHandler;
import dev.lambic.http.HttpRequest;
import dev.lambic.http.Responder;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * The Runtime API, version 2018-06-01, of one environment.
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
  private static final String TOO_LARGE = "Function.ResponseSizeTooLarge";
  private static final HexFormat HEX = HexFormat.of();
  private static final byte[] ACCEPTED = "{\"status\":\"OK\"}\n".getBytes(StandardCharsets.UTF_8);

  private final EnvironmentListener listener;

  private @Nullable Responder waiting;
  private @Nullable Work pending;
  private @Nullable Work running;
  private @Nullable Responder carrier;
  private boolean initialized;
  private boolean closed;

  RuntimeApi(EnvironmentListener listener) {
    this.listener = listener;
  }

  /** Lets go of events and connections, for others may refer to a dead environment for a while. */
  synchronized void close() {
    closed = true;
    waiting = null;
    pending = null;
    running = null;
    carrier = null;
  }

  /**
   * Hands the event to the runtime: at once if it waits for one, else when it next asks.
   *
   * @throws IllegalStateException if an event is on its way or running already
   */
  void deliver(Work work) {
    Responder to;
    synchronized (this) {
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
    } else {
      refuse(404, "ResourceNotFound", "Unknown Runtime API path", responder);
    }
  }

  /** Only an answer can be too large for the server, so the invocation has failed by it. */
  @Override
  public void refuse(int status, String reason, Responder responder) {
    Work failed = null;
    if (status == 413) {
      synchronized (this) {
        failed = running;
        running = null;
        carrier = null;
      }
    }
    if (failed != null) {
      listener.failed(failed.requestId(), TOO_LARGE, tooLarge(""));
    }
    refuse(status, status == 413 ? "RequestEntityTooLarge" : "BadRequest", reason, responder);
  }

  private static String idIn(String path, String ending) {
    int end = path.length() - ending.length();
    return end <= INVOCATION.length() ? "" : path.substring(INVOCATION.length(), end);
  }

  private void next(Responder responder) {
    Work work = null;
    boolean due;
    synchronized (this) {
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
    listener.ready();
    if (work != null) {
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
      due = running != null && id.equals(running.requestId());
      if (due) {
        running = null;
        carrier = null;
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
      responder.send(202, json(), ACCEPTED);
    } else if (body.length > MAX_RESPONSE_BYTES) {
      listener.failed(id, TOO_LARGE, tooLarge(" (" + body.length + " bytes)"));
      String text = "Exceeded maximum allowed payload size (" + MAX_RESPONSE_BYTES + " bytes).";
      refuse(413, "RequestEntityTooLarge", text, responder);
    } else {
      listener.responded(id, body);
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

  private static byte[] tooLarge(String size) {
    String text =
        "{\"errorType\":\""
            + TOO_LARGE
            + "\",\"errorMessage\":\"Response payload size"
            + size
            + " exceeded maximum allowed payload size ("
            + MAX_RESPONSE_BYTES
            + " bytes).\"}";
    return text.getBytes(StandardCharsets.UTF_8);
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
