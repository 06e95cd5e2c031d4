package dev.lambic.runtime;

import dev.lambic.http.BodyFlow;
import dev.lambic.http.BodyReceiver;
import dev.lambic.http.Headers;
import dev.lambic.http.HttpHandler;
import dev.lambic.http.HttpRequest;
import dev.lambic.http.Responder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * How a process that runs already learns whose environment it is: what is served on the port of the
 * Runtime API of a sandbox that belongs to no function yet.
 *
 * <p>The process asks once, by {@code GET /lambic/binding}. The answer comes when there is a
 * function, which may be before or after the question: status 200 and, as bytes, the environment
 * variables of the function's process, {@code NAME=VALUE} with a NUL after each, in their order.
 * The process replaces all of its variables by these, changes to its working directory anew, for
 * the function's code was mounted over it meanwhile, and goes on as one that was started with them;
 * the handler is among them as on AWS. Its connection goes on as one to the Runtime API, and the
 * request is unknown there: once the answer is out, it gets 404 for ever, as it does in every
 * environment whose process was started for it.
 *
 * <p>Whoever makes such processes, by starting, forking or restoring one, needs nothing but this: a
 * process that was started with {@link #VARIABLE} in its environment asks by itself when it has
 * loaded what it needs of its language, and closes nothing. It must have been started with the
 * function's own values of all variables that act at the start of a process ({@link
 * StartVariables}), with its program and arguments, in a sandbox that no other function had, and
 * with random state that no other process has. {@link Cell} holds the sandbox, the process and this
 * object together; {@link CellSource} is where the factory of environments asks for one.
 *
 * <p>Safe for use by many threads; nothing waits.
 */
final class Binding implements HttpHandler {
  /** What an unbound process asks for. */
  static final String PATH = "/lambic/binding";

  /**
   * Tells a bootstrap that it is started without a function. Its value is filling: the place that a
   * process's first variables take of its memory, which {@code /proc} shows, has room for the
   * function's then.
   */
  static final String VARIABLE = "LAMBIC_BINDING";

  private static final int FILLING_BYTES = 8 << 10;
  private static final HttpHandler NOTHING =
      (request, responder) -> responder.send(404, Headers.empty(), new byte[0]);

  private final CompletableFuture<Void> asked = new CompletableFuture<>();
  private volatile HttpHandler api = NOTHING;

  /** Whether nobody will ask any more. */
  private volatile boolean over;

  private @Nullable Responder waiting;
  private byte @Nullable [] answer;

  /** The value of the variable. */
  static String filling() {
    return "x".repeat(FILLING_BYTES);
  }

  /** Completes when a process has asked; never exceptionally. */
  CompletableFuture<Void> asked() {
    return asked;
  }

  /** Whether a process waits for the answer now. */
  synchronized boolean isAsked() {
    return waiting != null && waiting.isOpen();
  }

  /** From now on all other requests are the API's. */
  void serve(HttpHandler runtimeApi) {
    api = runtimeApi;
  }

  /** There is no process to bind: one will be started for the function. */
  void none() {
    over = true;
  }

  /**
   * Answers the process, or will do so when it asks; to be called once.
   *
   * @param variables pairs of names and values, as for a process that is started
   */
  void bind(List<String> variables) {
    byte[] block = block(variables);
    Responder to;
    synchronized (this) {
      to = waiting;
      waiting = null;
      if (to == null || !to.isOpen()) {
        answer = block;
        return;
      }
      over = true;
    }
    send(to, block);
  }

  private static byte[] block(List<String> variables) {
    StringBuilder all = new StringBuilder();
    variables.forEach(pair -> all.append(pair).append('\0'));
    return all.toString().getBytes(StandardCharsets.UTF_8);
  }

  private static void send(Responder to, byte[] block) {
    to.send(200, Headers.of("Content-Type", "application/octet-stream"), block);
  }

  @Override
  public void handle(HttpRequest request, Responder responder) {
    if (over || !request.rawPath().equals(PATH) || !request.method().equals("GET")) {
      api.handle(request, responder);
      return;
    }
    byte[] due;
    synchronized (this) {
      due = answer;
      if (due != null) {
        answer = null;
        over = true;
      } else if (waiting == null || !waiting.isOpen()) {
        waiting = responder;
      } else {
        // One process is enough.
        due = new byte[0];
      }
    }
    if (due == null) {
      asked.complete(null);
    } else if (due.length == 0) {
      NOTHING.handle(request, responder);
    } else {
      send(responder, due);
    }
  }

  @Override
  public boolean wantsPieces(HttpRequest head) {
    return api.wantsPieces(head);
  }

  @Override
  public BodyReceiver receive(HttpRequest head, BodyFlow flow, Responder responder) {
    return api.receive(head, flow, responder);
  }

  @Override
  public void refuse(int status, String reason, @Nullable HttpRequest head, Responder responder) {
    api.refuse(status, reason, head, responder);
  }
}
