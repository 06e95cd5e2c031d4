package dev.lambic.server;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import dev.lambic.functions.FunctionDirectory;
import dev.lambic.functions.Resolved;
import dev.lambic.http.Headers;
import dev.lambic.invocation.EventQueue;
import dev.lambic.invocation.Invocation;
import dev.lambic.invocation.Invoker;
import dev.lambic.invocation.Outcome;
import dev.lambic.invocation.QueuedEvent;
import dev.lambic.kernel.Blame;
import dev.lambic.kernel.LambicException;
import dev.lambic.kernel.Ticker;
import dev.lambic.wire.Call;
import dev.lambic.wire.RawOperation;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.lambda.model.InvokeRequest;
import software.amazon.awssdk.services.lambda.model.InvokeWithResponseStreamRequest;
import software.amazon.awssdk.services.lambda.model.LambdaException;

/**
 * Lambda's Invoke and InvokeWithResponseStream, raw: the event's bytes go to the function as they
 * came, and back.
 *
 * <p>Runs on the thread that read the request; only a cold start leaves it. Follows "Invoke" and
 * "InvokeWithResponseStream" of the Lambda API Reference.
 */
final class InvokeOperation implements RawOperation {
  /** The most a synchronous invocation may be asked with: 6 MiB. */
  static final int MAX_PAYLOAD_BYTES = 6 * 1024 * 1024;

  /** The most that InvokeAsync takes: 256 KiB. */
  private static final int MAX_FORGOTTEN_BYTES = 256 * 1024;

  private static final int MAX_QUALIFIER_CHARACTERS = 128;
  private static final String TENANT_ID = "X-Amz-Tenant-Id";
  private static final Pattern TENANT_IDS = Pattern.compile("[a-zA-Z0-9._:/=+\\-@ ]{1,256}");
  private static final byte[] NOTHING = new byte[0];
  private static final byte[] ACCEPTED = "{\"Status\":202}".getBytes(StandardCharsets.UTF_8);
  private static final byte[] NO_EVENT = "{}".getBytes(StandardCharsets.UTF_8);
  private static final JsonFactory JSON =
      new JsonFactoryBuilder().enable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION).build();

  private final FunctionDirectory functions;
  private final Images images;
  private final Invoker invoker;
  private final EventQueue events;
  private final Traces traces;
  private final boolean streamed;

  private InvokeOperation(
      FunctionDirectory functions,
      Images images,
      Invoker invoker,
      EventQueue events,
      Traces traces,
      boolean streamed) {
    this.functions = functions;
    this.images = images;
    this.invoker = invoker;
    this.events = events;
    this.traces = traces;
    this.streamed = streamed;
  }

  /** Invoke, which answers with the whole result, or that the event was accepted. */
  InvokeOperation(
      FunctionDirectory functions,
      Images images,
      Invoker invoker,
      EventQueue events,
      Ticker ticker) {
    this(functions, images, invoker, events, new Traces(ticker), false);
  }

  /** InvokeWithResponseStream, which answers with the result as it is made. */
  InvokeOperation streamed() {
    return new InvokeOperation(functions, images, invoker, events, traces, true);
  }

  @Override
  public void handle(Call call) {
    Headers headers = call.request().headers();
    String type =
        Objects.requireNonNullElse(headers.get("X-Amz-Invocation-Type"), "RequestResponse");
    String logType = Objects.requireNonNullElse(headers.get("X-Amz-Log-Type"), "None");
    boolean plain = logType.equals("None") || logType.equals("Tail");
    boolean later = type.equals("Event") && !streamed;
    if (!plain || !(type.equals("RequestResponse") || type.equals("DryRun") || later)) {
      refuseType(call, type);
      return;
    }
    byte[] payload = call.request().body();
    if (later) {
      requireSmall(payload, Events.MAX_PAYLOAD_BYTES);
      Resolved function = resolve(call);
      String tenantId = tenantId(call, function.function().perTenant());
      requireJson(payload);
      String trace = traces.next(headers.get("X-Amzn-Trace-Id"), function.function().traced());
      accept(call, function, payload, trace, tenantId, NOTHING);
      return;
    }
    if (payload.length > MAX_PAYLOAD_BYTES) {
      throw new LambicException(
          "RequestTooLargeException",
          Blame.CALLER,
          "Request must be smaller than "
              + MAX_PAYLOAD_BYTES
              + " bytes for the "
              + (streamed ? "InvokeWithResponseStream" : "InvokeFunction")
              + " operation",
          Map.of("Type", "User"),
          null);
    }
    Resolved function = resolve(call);
    String tenantId = tenantId(call, function.function().perTenant());
    if (type.equals("DryRun")) {
      call.responder().send(204, call.answerHeaders(), NOTHING);
      return;
    }
    requireJson(payload);
    String trace = traces.next(headers.get("X-Amzn-Trace-Id"), function.function().traced());
    invoker.invoke(
        new Invocation(
            call.requestId(),
            images.of(function.function()),
            function.invokedArn(),
            payload.length == 0 ? NO_EVENT : payload,
            logType.equals("Tail"),
            trace,
            clientContext(headers.get("X-Amz-Client-Context")),
            streamed,
            tenantId),
        answer(call, function.function().version(), trace));
  }

  /** InvokeAsync, as which Invoke began: always asynchronous, and without a trace. */
  void handleForgotten(Call call) {
    byte[] payload = call.request().body();
    requireSmall(payload, MAX_FORGOTTEN_BYTES);
    Resolved function = resolve(call);
    String tenantId = tenantId(call, function.function().perTenant());
    requireJson(payload);
    accept(call, function, payload, null, tenantId, ACCEPTED);
  }

  private static void requireSmall(byte[] payload, int limit) {
    if (payload.length > limit) {
      throw new LambicException(
          "RequestEntityTooLargeException",
          Blame.CALLER,
          payload.length
              + " byte payload is too large for the Event invocation type (limit "
              + limit
              + " bytes)",
          Map.of("Type", "User"),
          null);
    }
  }

  /** Answers when the event is on the disk. */
  private void accept(
      Call call,
      Resolved function,
      byte[] payload,
      @Nullable String trace,
      @Nullable String tenantId,
      byte[] answer) {
    events.accept(
        new QueuedEvent(
            function.function().functionArn(),
            function.invokedArn(),
            function.function().version(),
            call.requestId(),
            events.now(),
            trace,
            tenantId,
            payload.length == 0 ? NO_EVENT : payload),
        new EventQueue.Acceptance() {
          @Override
          public void accepted() {
            Headers headers = call.answerHeaders().set("Content-Type", "application/json");
            if (trace != null) {
              headers.add("X-Amzn-Trace-Id", trace);
            }
            call.responder().send(202, headers, answer);
          }

          @Override
          public void refused(LambicException why) {
            call.fail(why);
          }
        });
  }

  private Invoker.Answer answer(Call call, String version, String trace) {
    return streamed
        ? new EventStreamAnswer(call, version, trace)
        : new WholeAnswer(call, version, trace);
  }

  /** Finds the function; where name or qualifier cannot be one, AWS tells all that is wrong. */
  private Resolved resolve(Call call) {
    String name = call.label("FunctionName");
    String qualifier = call.query("Qualifier");
    if (qualifier != null && qualifier.length() > MAX_QUALIFIER_CHARACTERS) {
      checkValues(call);
    }
    try {
      return functions.resolve(call.caller(), name == null ? "" : name, qualifier);
    } catch (LambdaException e) {
      if (e.awsErrorDetails().errorCode().equals("ValidationException")) {
        checkValues(call);
      }
      throw e;
    }
  }

  /** Answers what is wrong with the values, if anything is. */
  private void checkValues(Call call) {
    if (streamed) {
      call.typed(InvokeWithResponseStreamRequest.class);
    } else {
      call.typed(InvokeRequest.class);
    }
  }

  /** Answers what is wrong with the values, or that what they ask for is not there. */
  private void refuseType(Call call, String type) {
    checkValues(call);
    throw new LambicException(
        "NotImplementedException",
        Blame.PLATFORM,
        "Lambic does not do invocations of type "
            + type
            + " yet. RequestResponse, Event and DryRun work.");
  }

  private @Nullable String tenantId(Call call, boolean perTenant) {
    String tenantId = call.request().headers().get(TENANT_ID);
    if (tenantId != null && !TENANT_IDS.matcher(tenantId).matches()) {
      checkValues(call);
      // What is left is nothing at all.
      tenantId = null;
    }
    if (perTenant == (tenantId != null)) {
      return tenantId;
    }
    throw new LambicException(
        "InvalidParameterValueException",
        Blame.CALLER,
        perTenant
            ? "The invoked function is enabled with tenancy configuration. Add a valid tenant ID in"
                + " your request and try again."
            : "The invoked function is not enabled with tenancy configuration. Remove the tenant ID"
                + " from your request and try again.",
        Map.of("Type", "User"),
        null);
  }

  private static @Nullable String clientContext(@Nullable String base64) {
    if (base64 == null) {
      return null;
    }
    try {
      String json = new String(Base64.getDecoder().decode(base64), StandardCharsets.UTF_8);
      requireJson(json.getBytes(StandardCharsets.UTF_8));
      return json.replace("\r", "").replace("\n", "");
    } catch (IllegalArgumentException e) {
      throw new LambicException(
          "InvalidRequestContentException",
          Blame.CALLER,
          "Client context must be a valid Base64-encoded JSON object.",
          Map.of("Type", "User"),
          e);
    }
  }

  private static void requireJson(byte[] payload) {
    if (payload.length == 0) {
      return;
    }
    try (JsonParser parser = JSON.createParser(payload)) {
      int depth = 0;
      int values = 0;
      for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
        if (token.isStructEnd()) {
          depth--;
          continue;
        }
        if (depth == 0 && ++values > 1) {
          throw unparsable("Unexpected content after the end of the JSON value", null);
        }
        if (token.isStructStart()) {
          depth++;
        }
      }
    } catch (JsonProcessingException e) {
      throw unparsable(String.valueOf(e.getMessage()), e);
    } catch (IOException e) {
      throw new IllegalStateException("bytes in memory can always be read", e);
    }
  }

  private static LambicException unparsable(String why, @Nullable Exception cause) {
    return new LambicException(
        "InvalidRequestContentException",
        Blame.CALLER,
        "Could not parse request body into json: Could not parse payload into json: " + why,
        Map.of("Type", "User"),
        cause);
  }

  /** Turns an outcome into the HTTP answer. */
  private record WholeAnswer(Call call, String version, String trace) implements Invoker.Answer {
    @Override
    public void outcome(Outcome outcome) {
      Headers headers =
          call.answerHeaders()
              .set("Content-Type", "application/json")
              .add("X-Amz-Executed-Version", version)
              .add("X-Amzn-Trace-Id", trace);
      String error = outcome.functionError();
      if (error != null) {
        headers.add("X-Amz-Function-Error", error);
      }
      byte[] tail = outcome.logTail();
      if (tail != null) {
        headers.add("X-Amz-Log-Result", Base64.getEncoder().encodeToString(tail));
      }
      call.responder().send(200, headers, outcome.payload());
    }

    @Override
    public void refused(LambicException why) {
      call.fail(why);
    }
  }
}
