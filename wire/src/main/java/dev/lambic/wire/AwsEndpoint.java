package dev.lambic.wire;

import dev.lambic.http.BodyFlow;
import dev.lambic.http.BodyReceiver;
import dev.lambic.http.Headers;
import dev.lambic.http.HttpHandler;
import dev.lambic.http.HttpRequest;
import dev.lambic.http.Responder;
import dev.lambic.kernel.Blame;
import dev.lambic.kernel.FaultHandler;
import dev.lambic.kernel.Ids;
import dev.lambic.kernel.LambicException;
import dev.lambic.kernel.Ticker;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.SdkPojo;
import software.amazon.awssdk.core.SdkRequest;

/**
 * The front door of a port: every AWS request enters here and leaves answered in its own protocol.
 *
 * <p>A request is authenticated by Signature Version 4, led to its service by the signature's scope
 * (without one: by its target or path), and to its operation. Then it is read into the SDK's typed
 * request, checked against the service model's limits, given to the service object, and the
 * response or the error is written. Paths under a registered prefix go to plain handlers before all
 * that.
 *
 * <p>{@link #handle} is called on the server's threads and never blocks them: typed operations and
 * pass-through services run on a virtual thread for each request, raw operations at once on the
 * calling thread unless the body is large. Safe for use by many threads.
 */
public final class AwsEndpoint implements HttpHandler {
  /** Above it, going through a body would hold up the other connections of the calling thread. */
  private static final int SERVED_IN_PLACE = 64 << 10;

  private static final Protocol REST_JSON = new RestJson();
  private static final Protocol AWS_JSON = new AwsJson();

  private static final String S3_SCOPE = "/s3/aws4_request";

  private final Map<String, ServiceSlot> slots;
  private final @Nullable ServiceSlot streamed;
  private final List<Prefix> prefixes;
  private final Authenticator authenticator;
  private final Access access;
  private final Ids ids;
  private final FaultHandler faults;

  private record Prefix(String path, HttpHandler handler) {}

  /** A request that is being answered, with what is known about it so far. */
  private record Exchange(
      @Nullable Signature signature,
      @Nullable String serviceName,
      HttpRequest request,
      Responder responder,
      String requestId) {

    static Exchange of(HttpRequest request, Responder responder, String requestId) {
      Signature signature = Signature.of(request);
      String service = signature == null ? null : signature.service();
      return new Exchange(signature, service, request, responder, requestId);
    }

    Exchange with(ServiceSlot slot) {
      return new Exchange(signature, slot.service().name(), request, responder, requestId);
    }
  }

  private AwsEndpoint(Builder builder) {
    Map<String, ServiceSlot> byName = new LinkedHashMap<>();
    for (Service service : builder.services) {
      if (byName.put(service.name(), service.slot()) != null) {
        throw new IllegalArgumentException("two services named " + service.name());
      }
    }
    this.slots = byName;
    this.streamed =
        byName.values().stream()
            .filter(slot -> slot.service().streamed() != null)
            .findFirst()
            .orElse(null);
    this.prefixes = List.copyOf(builder.prefixes);
    this.authenticator =
        new Authenticator(builder.mode, builder.credentials, builder.region, builder.ticker);
    this.access = builder.access;
    this.ids = builder.ids;
    this.faults = builder.faults;
  }

  /**
   * An endpoint without services, which accepts everybody and lives in us-east-1.
   *
   * @param ids of requests
   * @param faults told about bugs that a client sees as a ServiceException
   */
  public static Builder builder(Ticker ticker, Ids ids, FaultHandler faults) {
    return new Builder(ticker, ids, faults);
  }

  /** What an endpoint is made of. */
  public static final class Builder {
    private final Ticker ticker;
    private final Ids ids;
    private final FaultHandler faults;
    private final List<Service> services = new ArrayList<>();
    private final List<Prefix> prefixes = new ArrayList<>();
    private AuthMode mode = AuthMode.ACCEPT;
    private Credentials credentials = id -> null;
    private Access access = Access.all();
    private String region = "us-east-1";

    private Builder(Ticker ticker, Ids ids, FaultHandler faults) {
      this.ticker = ticker;
      this.ids = ids;
      this.faults = faults;
    }

    /** Says who is let in. */
    public Builder auth(AuthMode newMode, Credentials newCredentials) {
      mode = newMode;
      credentials = newCredentials;
      return this;
    }

    /** Says who may do what. */
    public Builder access(Access newAccess) {
      access = newAccess;
      return this;
    }

    /** The region of requests without a signature. */
    public Builder region(String newRegion) {
      region = newRegion;
      return this;
    }

    /** Adds a service; of requests without a signature, the first that knows the path takes it. */
    public Builder service(Service service) {
      services.add(service);
      return this;
    }

    /**
     * Adds a handler for all requests whose path begins so; they are not authenticated.
     *
     * @param path such as {@code /_lambic/health}
     */
    public Builder prefix(String path, HttpHandler handler) {
      prefixes.add(new Prefix(path, handler));
      return this;
    }

    /** The endpoint. */
    public AwsEndpoint build() {
      return new AwsEndpoint(this);
    }
  }

  /**
   * Loads a service before its first request comes, which takes a fraction of a second.
   *
   * @param name signing name of a service that implements the SDK's client interface
   */
  public void load(String name) {
    ServiceSlot slot = slots.get(name);
    if (slot != null && slot.service().sdk() != null) {
      slot.load();
    }
  }

  /**
   * Who sent a request that goes to no service of this endpoint.
   *
   * @param service for which it must be signed
   * @throws LambicException with AWS's error if it is not signed, or not as this endpoint demands
   */
  public Caller authenticate(HttpRequest request, String service) {
    Signature signature = Signature.of(request);
    if (signature == null) {
      throw SignatureErrors.missing();
    }
    if (!signature.service().equals(service)) {
      throw SignatureErrors.invalid(
          "Credential should be scoped to correct service: '" + service + "'. ");
    }
    return authenticator.authenticate(signature, request).caller();
  }

  @Override
  public void handle(HttpRequest request, Responder responder) {
    for (Prefix prefix : prefixes) {
      if (request.target().startsWith(prefix.path())) {
        prefix.handler().handle(request, responder);
        return;
      }
    }
    Exchange unsigned = new Exchange(null, null, request, responder, ids.uuid());
    try {
      Exchange exchange = Exchange.of(request, responder, unsigned.requestId());
      guarded(exchange, () -> dispatch(exchange));
    } catch (Throwable e) {
      fail(unsigned, ConstraintData.NONE, e);
    }
  }

  /** Small raw operations are served here and now, everything else on a virtual thread. */
  private void dispatch(Exchange exchange) {
    Signature signature = exchange.signature();
    ServiceSlot slot = signature == null ? null : slots.get(signature.service());
    if (signature != null && slot == null) {
      throw noService(signature.service());
    }
    ServiceSlot.Loaded loaded = slot == null ? null : slot.ready();
    if (slot != null && loaded != null && !slot.service().raw().isEmpty()) {
      RouteTable.Match match = loaded.match(exchange.request());
      if (match != null
          && loaded.raw().containsKey(match.operation().name())
          && exchange.request().body().length <= SERVED_IN_PLACE) {
        serve(exchange, slot, loaded, match);
        return;
      }
    }
    Thread.startVirtualThread(() -> {
      if (slot == null) {
        guarded(
            exchange,
            () -> {
              ServiceSlot claimant = claimant(exchange);
              Exchange claimed = exchange.with(claimant);
              guarded(claimed, () -> serve(claimed, claimant));
            });
      } else {
        guarded(exchange, () -> serve(exchange, slot));
      }
    });
  }

  /** Whether the body is S3's, which takes it as it comes; for all others it is put together. */
  @Override
  public boolean wantsPieces(HttpRequest head) {
    return streamed != null
        && (length(head) > 0 || head.headers().has("Transfer-Encoding"))
        && isForS3(head);
  }

  private static boolean isForS3(HttpRequest head) {
    String authorization = head.headers().get("Authorization");
    if (authorization != null) {
      return authorization.contains(S3_SCOPE);
    }
    String target = head.target();
    return target.contains("AWSAccessKeyId=")
        || (target.contains("X-Amz-Algorithm=")
            && (target.contains(S3_SCOPE) || target.contains(S3_SCOPE.replace("/", "%2F"))));
  }

  private static long length(HttpRequest head) {
    String length = head.headers().get("Content-Length");
    try {
      return length == null ? -1 : Long.parseLong(length.strip());
    } catch (NumberFormatException e) {
      return -1;
    }
  }

  @Override
  public BodyReceiver receive(HttpRequest head, BodyFlow flow, Responder responder) {
    BodyPipe pipe = new BodyPipe(flow);
    ServiceSlot slot = Objects.requireNonNull(streamed);
    Exchange unsigned = new Exchange(null, "s3", head, responder, ids.uuid());
    Thread.startVirtualThread(() -> {
      try (pipe) {
        guarded(
            unsigned,
            () -> {
              Exchange exchange = Exchange.of(head, responder, unsigned.requestId()).with(slot);
              guarded(exchange, () -> stream(exchange, slot, pipe, length(head)));
            });
      }
    });
    return pipe;
  }

  private void stream(Exchange exchange, ServiceSlot slot, InputStream body, long length) {
    HttpRequest head = exchange.request();
    Signature signature = exchange.signature();
    if (signature != null && !signature.service().equals(slot.service().name())) {
      throw SignatureErrors.invalid(
          "Credential should be scoped to correct service: '" + slot.service().name() + "'. ");
    }
    Authenticator.Sender sender = authenticator.authenticateHead(signature, head);
    access.check(sender.caller(), slot.service().name(), "");
    StreamedPassThrough handler = Objects.requireNonNull(slot.service().streamed());
    handler.handle(
        new LiveCall(
            new Authenticator.Result(sender.caller(), head),
            exchange.requestId(),
            "",
            exchange.responder(),
            null,
            null,
            (call, error) -> fail(exchange, ConstraintData.NONE, error)),
        new StreamedBody(body, length, sender.check()));
  }

  private void guarded(Exchange exchange, Runnable work) {
    try {
      work.run();
    } catch (Throwable e) {
      fail(exchange, ConstraintData.NONE, e);
    }
  }

  private ServiceSlot claimant(Exchange exchange) {
    // For who must sign nothing is loaded or parsed; but S3, told by the head, knows an older
    // signature too.
    if (authenticator.enforces()) {
      if (streamed != null && streamed.claims(exchange.request())) {
        return streamed;
      }
      throw SignatureErrors.missing();
    }
    for (ServiceSlot slot : slots.values()) {
      if (slot.claims(exchange.request())) {
        return slot;
      }
    }
    // A page of another host is refused, rather than told which paths exist.
    authenticator.authenticate(null, exchange.request());
    throw unknownOperation(exchange.request());
  }

  private void serve(Exchange exchange, ServiceSlot slot) {
    if (slot.service().streamed() != null) {
      byte[] body = exchange.request().body();
      stream(exchange, slot, new ByteArrayInputStream(body), body.length);
      return;
    }
    PassThrough passThrough = slot.service().passThrough();
    if (passThrough == null) {
      ServiceSlot.Loaded loaded = slot.load();
      serve(exchange, slot, loaded, loaded.match(exchange.request()));
      return;
    }
    Authenticator.Result sender =
        authenticator.authenticate(exchange.signature(), exchange.request());
    String target = exchange.request().headers().get("X-Amz-Target");
    String operation = target == null ? "" : target.substring(target.indexOf('.') + 1);
    access.check(sender.caller(), slot.service().name(), operation);
    passThrough.handle(
        new LiveCall(
            sender,
            exchange.requestId(),
            operation,
            exchange.responder(),
            null,
            null,
            (call, error) -> fail(exchange, ConstraintData.NONE, error)));
  }

  private void serve(
      Exchange exchange,
      ServiceSlot slot,
      ServiceSlot.Loaded loaded,
      RouteTable.@Nullable Match match) {
    try {
      Authenticator.Result sender =
          authenticator.authenticate(exchange.signature(), exchange.request());
      if (match == null) {
        throw unknownOperation(exchange.request());
      }
      Operation operation = match.operation();
      access.check(sender.caller(), slot.service().name(), operation.name());
      RawOperation raw = loaded.raw().get(operation.name());
      if (raw != null) {
        raw.handle(
            new LiveCall(
                sender,
                exchange.requestId(),
                operation.name(),
                exchange.responder(),
                match,
                loaded,
                (call, error) -> fail(exchange, loaded.data(), error)));
      } else {
        typed(exchange, slot, loaded, match, sender);
      }
    } catch (Throwable e) {
      fail(exchange, loaded.data(), e);
    }
  }

  private static void typed(
      Exchange exchange,
      ServiceSlot slot,
      ServiceSlot.Loaded loaded,
      RouteTable.Match match,
      Authenticator.Result sender)
      throws Throwable {
    Operation operation = match.operation();
    Object service = loaded.implementation();
    if (!SdkBinding.implementsOperation(service.getClass(), operation)) {
      throw new LambicException(
          "NotImplementedException",
          Blame.PLATFORM,
          "Lambic does not implement " + slot.service().name() + ":" + operation.name() + " yet.");
    }
    if (sender.request().body().length > Service.STANDARD_REQUEST_BYTES) {
      throw new LambicException(
          "RequestEntityTooLargeException",
          Blame.CALLER,
          "Request must be smaller than "
              + Service.STANDARD_REQUEST_BYTES
              + " bytes for the "
              + operation.name()
              + " operation");
    }
    Protocol protocol = protocol(operation, loaded.data());
    SdkRequest request = protocol.read(match, sender.request());
    loaded.validator().check(operation.name(), request);
    SdkPojo response =
        Arrival.at(
            sender.request().headers().get("Host"),
            () -> invoke(operation, service, request, sender.caller()));
    Answer answer =
        protocol.write(
            response,
            loaded.data().statuses().getOrDefault(operation.name(), 200),
            sender.request(),
            Headers.of(ErrorFormat.REQUEST_ID, exchange.requestId()));
    exchange.responder().send(answer.status(), answer.headers(), answer.body());
  }

  private static SdkPojo invoke(
      Operation operation, Object service, SdkRequest request, Caller caller) throws Exception {
    return caller.run(() -> {
      try {
        return operation.invoker().invoke(service, request);
      } catch (Exception | Error e) {
        throw e;
      } catch (Throwable e) {
        throw new IllegalStateException("neither exception nor error", e);
      }
    });
  }

  static Protocol protocol(Operation operation, ConstraintData data) {
    if (operation.version() != null) {
      return new AwsQuery(data);
    }
    return operation.target() == null ? REST_JSON : AWS_JSON;
  }

  private void fail(Exchange exchange, ConstraintData data, Throwable thrown) {
    try {
      AwsError error = AwsError.of(thrown, data, faults);
      Headers headers = Headers.of(ErrorFormat.REQUEST_ID, exchange.requestId());
      Answer answer =
          ErrorFormat.of(exchange.request(), exchange.serviceName())
              .write(error, exchange.request(), headers);
      exchange.responder().send(answer.status(), answer.headers(), answer.body());
    } catch (RuntimeException e) {
      // The request was answered before it failed, so its client cannot be told.
      faults.fault("answering " + exchange.requestId(), e);
    }
  }

  private static LambicException noService(String name) {
    return new LambicException(
        "NotImplementedException",
        Blame.PLATFORM,
        "Lambic does not offer the service '" + name + "' yet.");
  }

  private static LambicException unknownOperation(HttpRequest request) {
    String target = request.headers().get("X-Amz-Target");
    return new LambicException(
        "UnknownOperationException",
        Blame.CALLER,
        target == null
            ? "No operation is addressed by " + request.method() + " " + request.rawPath()
            : "No operation is named " + target);
  }

  @Override
  public void refuse(int status, String reason, Responder responder) {
    String code =
        switch (status) {
          case 413 -> "RequestEntityTooLargeException";
          case 503 -> "ServiceUnavailableException";
          default -> "SerializationException";
        };
    AwsError error = new AwsError(code, status, Blame.CALLER, reason, null, Map.of(), null);
    HttpRequest unread =
        new HttpRequest("", "", Headers.empty(), new byte[0], new java.net.InetSocketAddress(0));
    Answer answer =
        ErrorFormat.REST_JSON.write(error, unread, Headers.of(ErrorFormat.REQUEST_ID, ids.uuid()));
    responder.send(answer.status(), answer.headers(), answer.body());
  }
}
