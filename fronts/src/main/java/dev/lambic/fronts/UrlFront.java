package dev.lambic.fronts;

import dev.lambic.http.BodyFlow;
import dev.lambic.http.BodyReceiver;
import dev.lambic.http.Headers;
import dev.lambic.http.HttpHandler;
import dev.lambic.http.HttpRequest;
import dev.lambic.http.Responder;
import dev.lambic.invocation.Invocation;
import dev.lambic.invocation.Invoker;
import dev.lambic.kernel.FaultHandler;
import dev.lambic.kernel.Ids;
import dev.lambic.kernel.LambicException;
import dev.lambic.kernel.Ticker;
import dev.lambic.wire.Caller;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Serves function URLs: a request to the host of one becomes an invocation, and the result the
 * answer. All other requests go on to another handler.
 *
 * <p>Runs on the thread that read the request; only large bodies leave it. Follows "Invoking Lambda
 * function URLs" and "Control access to Lambda function URLs". Safe for use by many threads.
 */
public final class UrlFront implements HttpHandler {
  private static final int MAX_BODY_BYTES = 6 * 1024 * 1024;

  /** Above it, going through a body would hold up the other connections of the calling thread. */
  private static final int SERVED_IN_PLACE = 64 << 10;

  private static final Pattern HOST =
      Pattern.compile(
          "(([a-z0-9]{1,63})\\.lambda-url\\.([a-z0-9-]{1,63})\\.[a-z0-9.-]+)(:[0-9]+)?");

  private final FunctionUrls urls;
  private final Invoker invoker;
  private final Ticker ticker;
  private final Ids ids;
  private final FaultHandler faults;
  private final HttpHandler otherwise;

  /**
   * A front that stands before another handler.
   *
   * @param otherwise gets what is not sent to the host of a function URL
   */
  public UrlFront(
      FunctionUrls urls,
      Invoker invoker,
      Ticker ticker,
      Ids ids,
      FaultHandler faults,
      HttpHandler otherwise) {
    this.urls = urls;
    this.invoker = invoker;
    this.ticker = ticker;
    this.ids = ids;
    this.faults = faults;
    this.otherwise = otherwise;
  }

  @Override
  public void handle(HttpRequest request, Responder responder) {
    Matcher host = host(request);
    if (host == null) {
      otherwise.handle(request, responder);
    } else if (request.body().length <= SERVED_IN_PLACE) {
      serve(request, responder, host);
    } else {
      Thread.startVirtualThread(() -> serve(request, responder, host));
    }
  }

  /** The parts of the host, if it is one of a function URL. */
  private static @Nullable Matcher host(HttpRequest request) {
    String host = request.headers().get("Host");
    if (host == null || host.indexOf(".lambda-url.") < 0) {
      return null;
    }
    Matcher matcher = HOST.matcher(host.toLowerCase(Locale.ROOT));
    return matcher.matches() ? matcher : null;
  }

  private void serve(HttpRequest request, Responder responder, Matcher host) {
    FunctionUrl url = urls.find(host.group(2));
    UrlExchange exchange =
        new UrlExchange(request, responder, ids.uuid(), null, url == null ? null : url.cors());
    try {
      if (url == null || !url.region().equals(host.group(3))) {
        exchange.refuse(404, "Message", "Not Found");
      } else {
        serve(exchange, url, host.group(1));
      }
    } catch (RuntimeException e) {
      faults.fault("serving the function URL " + host.group(2), e);
      exchange.broken();
    }
  }

  private void serve(UrlExchange exchange, FunctionUrl url, String domain) {
    HttpRequest request = exchange.request();
    Cors cors = url.cors();
    if (cors != null && Cors.isQuestion(request)) {
      Headers headers = Headers.empty();
      cors.answer(request, headers);
      exchange.responder().send(200, headers, new byte[0]);
      return;
    }
    Caller caller = null;
    if (url.signed()) {
      try {
        caller = urls.authenticate(request);
      } catch (LambicException e) {
        forbid(exchange, e);
        return;
      }
    }
    if (!url.permits().test(caller)) {
      exchange.refuse(403, "Message", "Forbidden");
      return;
    }
    if (request.body().length > MAX_BODY_BYTES) {
      exchange.refuse(
          413,
          "message",
          "Request must be smaller than "
              + MAX_BODY_BYTES
              + " bytes for the InvokeFunction operation");
      return;
    }
    FunctionUrl.Target target;
    try {
      target = url.target().get();
    } catch (LambicException e) {
      UrlAnswer.refuse(exchange, e);
      return;
    }
    String trace = urls.trace(request.headers().get("X-Amzn-Trace-Id"), target.traced());
    byte[] event =
        new UrlEvent(request, url, domain, caller, exchange.requestId(), trace, ticker.instant())
            .json();
    invoker.invoke(
        new Invocation(
            exchange.requestId(),
            target.image(),
            target.invokedArn(),
            event,
            false,
            trace,
            null,
            url.streamed()),
        new UrlAnswer(exchange.traced(trace), url.streamed()));
  }

  /** Who did not sign at all learns nothing; who signed wrongly learns what is wrong. */
  private static void forbid(UrlExchange exchange, LambicException why) {
    if (why.code().equals("MissingAuthenticationTokenException")) {
      exchange.refuse(403, "Message", "Forbidden");
      return;
    }
    String message = String.valueOf(why.getMessage());
    int details = message.indexOf('\n');
    exchange.refuse(403, "message", escaped(details < 0 ? message : message.substring(0, details)));
  }

  private static String escaped(String text) {
    return text.replace("\\", "\\\\").replace("\"", "\\\"").replaceAll("\\p{Cntrl}", " ");
  }

  @Override
  public boolean wantsPieces(HttpRequest head) {
    return host(head) == null && otherwise.wantsPieces(head);
  }

  @Override
  public BodyReceiver receive(HttpRequest head, BodyFlow flow, Responder responder) {
    return otherwise.receive(head, flow, responder);
  }

  @Override
  public void refuse(int status, String reason, Responder responder) {
    otherwise.refuse(status, reason, responder);
  }

  @Override
  public void refuse(int status, String reason, @Nullable HttpRequest head, Responder responder) {
    if (head == null || host(head) == null) {
      otherwise.refuse(status, reason, head, responder);
      return;
    }
    responder.send(
        status,
        Headers.of("Content-Type", "application/json"),
        ("{\"message\":\"" + escaped(reason) + "\"}").getBytes(StandardCharsets.UTF_8));
  }
}
