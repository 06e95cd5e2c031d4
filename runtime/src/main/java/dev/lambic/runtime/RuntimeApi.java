package dev.lambic.runtime;

import dev.lambic.http.Headers;
import dev.lambic.http.HttpHandler;
import dev.lambic.http.HttpRequest;
import dev.lambic.http.Responder;
import java.nio.charset.StandardCharsets;
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
  private static final byte[] ACCEPTED = "{\"status\":\"OK\"}\n".getBytes(StandardCharsets.UTF_8);

  private final EnvironmentListener listener;

  private @Nullable Responder waiting;
  private @Nullable Work pending;
  private @Nullable String running;

  RuntimeApi(EnvironmentListener listener) {
    this.listener = listener;
  }

  /**
   * Hands the event to the runtime: at once if it waits for one, else when it next asks.
   *
   * @throws IllegalStateException if an event is on its way or running already
   */
  void deliver(Work work) {
    Responder to;
    synchronized (this) {
      if (pending != null || running != null) {
        throw new IllegalStateException("the environment is busy");
      }
      to = waiting;
      waiting = null;
      if (to == null) {
        pending = work;
      } else {
        running = work.requestId();
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
      headers.add("Lambda-Runtime-Client-Context", clientContext);
    }
    to.send(200, headers, work.payload());
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
    } else if (post && path.equals(PREFIX + "init/error")) {
      responder.send(202, json(), ACCEPTED);
      listener.initFailed(errorType(request), request.body());
    } else {
      refuse(404, "ResourceNotFound", "Unknown Runtime API path", responder);
    }
  }

  @Override
  public void refuse(int status, String reason, Responder responder) {
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
        running = work.requestId();
      } else if (due) {
        waiting = responder;
      }
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

  @SuppressWarnings("ReferenceEquality") // it is this very connection that went away, or it is not
  private synchronized void forget(Responder responder) {
    if (waiting == responder) {
      waiting = null;
    }
  }

  private void answer(String id, HttpRequest request, Responder responder, boolean error) {
    synchronized (this) {
      if (!id.equals(running)) {
        refuse(400, "InvalidRequestID", "Invalid request ID", responder);
        return;
      }
      running = null;
    }
    byte[] body = request.body();
    if (error) {
      responder.send(202, json(), ACCEPTED);
      listener.failed(id, errorType(request), body);
    } else if (body.length > MAX_RESPONSE_BYTES) {
      String text = "Exceeded maximum allowed payload size (" + MAX_RESPONSE_BYTES + " bytes).";
      refuse(413, "RequestEntityTooLarge", text, responder);
      listener.failed(id, "Function.ResponseSizeTooLarge", tooLarge(body.length));
    } else {
      responder.send(202, json(), ACCEPTED);
      listener.responded(id, body);
    }
  }

  private static byte[] tooLarge(int length) {
    String text =
        "{\"errorType\":\"Function.ResponseSizeTooLarge\",\"errorMessage\":\"Response payload size ("
            + length
            + " bytes) exceeded maximum allowed payload size ("
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
