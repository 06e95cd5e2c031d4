package dev.lambic.server;

import dev.lambic.fronts.UrlFront;
import dev.lambic.functions.Ambient;
import dev.lambic.functions.CodeDownloads;
import dev.lambic.functions.CodeStore;
import dev.lambic.functions.FunctionService;
import dev.lambic.functions.FunctionsConfig;
import dev.lambic.functions.ProvisionedEnvironments;
import dev.lambic.http.HttpConfig;
import dev.lambic.http.HttpHandler;
import dev.lambic.http.HttpServer;
import dev.lambic.images.ImageSources;
import dev.lambic.images.ImageStore;
import dev.lambic.images.Platform;
import dev.lambic.images.RegistryLogins;
import dev.lambic.invocation.Dispatcher;
import dev.lambic.invocation.EventLimits;
import dev.lambic.invocation.EventQueue;
import dev.lambic.invocation.InvocationConfig;
import dev.lambic.invocation.Invoker;
import dev.lambic.invocation.TemplateKeeper;
import dev.lambic.invocation.Templates;
import dev.lambic.kernel.FaultHandler;
import dev.lambic.kernel.Ids;
import dev.lambic.kernel.Ticker;
import dev.lambic.runtime.Bootstraps;
import dev.lambic.runtime.ClassArchive;
import dev.lambic.runtime.CodeCache;
import dev.lambic.runtime.EnvironmentFactory;
import dev.lambic.runtime.FastPath;
import dev.lambic.runtime.SnapshotStore;
import dev.lambic.sandbox.Criu;
import dev.lambic.sandbox.LinuxSandboxes;
import dev.lambic.sandbox.SandboxConfig;
import dev.lambic.sandbox.Sandboxes;
import dev.lambic.sandbox.SnapshotProbe;
import dev.lambic.services.DynamoDbLocal;
import dev.lambic.services.Iam;
import dev.lambic.services.IamService;
import dev.lambic.services.LogConfig;
import dev.lambic.services.LogStore;
import dev.lambic.services.LogsService;
import dev.lambic.services.S3Service;
import dev.lambic.services.StsService;
import dev.lambic.store.Backlog;
import dev.lambic.store.Records;
import dev.lambic.store.SqliteBacklog;
import dev.lambic.store.SqliteRecords;
import dev.lambic.wire.Arrival;
import dev.lambic.wire.AuthMode;
import dev.lambic.wire.AwsEndpoint;
import dev.lambic.wire.Service;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadLocalRandom;
import software.amazon.awssdk.services.cloudwatchlogs.CloudWatchLogsClient;
import software.amazon.awssdk.services.iam.IamClient;
import software.amazon.awssdk.services.sts.StsClient;

/**
 * A whole Lambic: every part made, joined, and closed in the opposite order.
 *
 * <p>It answers when {@link #start} returns.
 */
final class LambicServer implements AutoCloseable {
  private static final Duration DRAIN = Duration.ofSeconds(25);
  private static final long MAX_EVENTS_BYTES = 8L << 30;
  private static final Duration UNUSED_IMAGES = Duration.ofMinutes(1);
  private static final long BYTE_CODE_BYTES = 1L << 30;
  private static final long SNAPSHOT_BYTES = 4L << 30;

  private final Closers closers;
  private final Dispatcher dispatcher;
  private final EventQueue events;
  private final HttpServer.Listener listener;
  private final URI address;

  private LambicServer(
      Closers closers,
      Dispatcher dispatcher,
      EventQueue events,
      HttpServer.Listener listener,
      URI address) {
    this.closers = closers;
    this.dispatcher = dispatcher;
    this.events = events;
    this.listener = listener;
    this.address = address;
  }

  /**
   * Starts a server.
   *
   * @throws IOException if the data directory or the address is in use, or the host refuses
   *     something; the message says what
   */
  static LambicServer start(ServerConfig config) throws IOException {
    Ticker ticker = Ticker.system();
    FaultHandler faults = new LogFaults(System.err, ticker);
    Closers closers = new Closers(faults);
    try {
      return new Assembly(config, ticker, faults, closers).start();
    } catch (IOException | RuntimeException e) {
      closers.close();
      throw e;
    }
  }

  /** Where clients reach it. */
  URI address() {
    return address;
  }

  /** Takes no more requests, lets running invocations finish for a while, and ends everything. */
  @Override
  public void close() {
    listener.stopAccepting();
    events.stop();
    dispatcher.drain(DRAIN);
    closers.close();
  }

  /** The parts while they are joined. */
  private static final class Assembly {
    private final ServerConfig config;
    private final Ticker ticker;
    private final FaultHandler faults;
    private final Closers closers;
    private final Ids ids = Ids.secure();
    private final Late<URI> address = new Late<>();
    private final Late<HttpHandler> inside = new Late<>();

    Assembly(ServerConfig config, Ticker ticker, FaultHandler faults, Closers closers) {
      this.config = config;
      this.ticker = ticker;
      this.faults = faults;
      this.closers = closers;
    }

    LambicServer start() throws IOException {
      DataDirectory data = closers.add(DataDirectory.take(config.data()));
      Meanwhile<Sandboxes> opening =
          closers.add(
              Meanwhile.open(
                  "sandboxes",
                  () -> LinuxSandboxes.open(SandboxConfig.of(data.path("sandbox")), faults)));
      Keys keys = Keys.open(data.path("credentials"), ids, ticker);
      HttpServer http = closers.add(HttpServer.start(threads(), faults));
      Records records = closers.add(SqliteRecords.open(data.path("lambic.db")));
      LogStore logs =
          LogStore.open(data.path("logs").resolve("logs.db"), LogConfig.standard(), ticker, faults);
      FunctionLogs functionLogs = closers.add(new FunctionLogs(logs));
      Sandboxes sandboxes = closers.add(opening.take());
      EnvironmentFactory environments =
          closers.add(
              new EnvironmentFactory(
                  sandboxes,
                  http,
                  (request, responder) -> inside.get().handle(request, responder),
                  ticker,
                  ids,
                  faults,
                  config.fast()));
      if (config.fast().contains(FastPath.BYTE_CODE)) {
        environments.use(closers.add(codes(data, sandboxes)));
      }
      HostRuntimes runtimes =
          new HostRuntimes(
              HostRuntimes.catalog(
                  Bootstraps.layOut(data.path("bootstraps")),
                  config.boto3(),
                  HostRuntimes.javas(
                      config.java(),
                      data.path("bootstraps").resolve("java"),
                      config.cache(),
                      new ClassArchive(sandboxes, http)),
                  config.cache()),
              ImportedRuntimes.open(data.path("runtimes"), ticker),
              System.out,
              environments);
      Dispatcher dispatcher =
          closers.add(
              new Dispatcher(
                  InvocationConfig.standard(), runtimes, keys, functionLogs, ticker, ids, faults));
      DynamoDbLocal dynamoDb =
          closers.add(
              new DynamoDbLocal(
                  config.dynamoDb(), data.path("dynamodb"), data.path("dynamodb.log"), ticker));
      S3Service s3 =
          closers.add(new S3Service(config.s3(), data.path("s3"), data.path("s3.log"), ticker));
      Containers containers =
          new Containers(
              ImageStore.open(
                  data.path("images"),
                  new ImageSources(
                      config.images(),
                      config.registryAuth().map(RegistryLogins::in).orElse(RegistryLogins.none())),
                  Platform.host(),
                  ticker,
                  UNUSED_IMAGES),
              keys::isOfEnvironment);
      FunctionService functions =
          closers.add(functions(data, records, runtimes, containers, Concurrency.of(dispatcher)));
      functions.notices(Assembly::warn);
      FileSystems fileSystems = FileSystems.in(config.data());
      Images images = new Images(functions.code(), containers, fileSystems, dispatcher::retire);
      functions.listen(images);
      functions.listen(new Forecast(runtimes, environments, faults));
      DevFunctions dev =
          DevFunctions.open(
              records, functions, dispatcher, dispatcher::retire, ticker, ids, faults);

      Backlog backlog = backlog(data);
      EventQueue events = events(backlog, functions, images, dev, s3);
      InvokeOperation invoke =
          new InvokeOperation(functions.directory(), images, dev, events, ticker);
      Service lambda = LambdaApi.service(functions, invoke);
      Service dynamo = Service.passThrough("dynamodb", "DynamoDB_20120810", dynamoDb);
      Service cloudWatchLogs =
          Service.sdk("logs", CloudWatchLogsClient.class, () -> new LogsService(logs));
      Iam iam = new Iam(records, ticker, ids);
      // Roles that IAM does not know are taken as they are, for many clients invent theirs.
      functions.use(
          new S3Code(s3), role -> iam.trust(role, "lambda.amazonaws.com") != Iam.Trust.REFUSED);
      List<Service> services =
          List.of(
              lambda,
              dynamo,
              cloudWatchLogs,
              Service.query("iam", IamClient.class, () -> new IamService(iam)),
              Service.query("sts", StsClient.class, () -> new StsService(iam, keys)),
              Service.s3(s3));
      Health health = new Health(Map.of("functions", records::trouble, "events", backlog::trouble));
      AwsEndpoint enforcing = endpoint(AuthMode.ENFORCE, keys, services, functions, health);
      inside.set(front(enforcing, functions, images, dev));
      AwsEndpoint outside = endpoint(config.auth(), keys, services, functions, health);
      HostSnapshots snapshots = new HostSnapshots(images::of, dev::runs, System.out);
      functions.listen(snapshots);
      functions.listen(
          new HostTemplates(
              functions.directory(),
              images,
              environments,
              new TemplateKeeper(runtimes, keys, functionLogs, ticker, ids),
              faults));
      functions.snapshots(snapshots);
      runtimes.withoutSnapshot(spec ->
          functions.snapshotIsLost(
              spec.account(), spec.region(), spec.functionName(), spec.version()));
      functions.listen(new Concurrency(dispatcher));

      HttpServer.Listener listener = listen(http, front(outside, functions, images, dev));
      closers.add(
          DevSocket.open(
              data.path("dev.socket"),
              dev,
              config.data(),
              Path.of(System.getProperty("user.home", "/root")),
              faults));
      address.set(url(config.host(), listener.address().getPort()));
      data.announce(address.get().toString());
      // A server that cannot be reached runs nobody's code.
      events.start();
      Thread.ofVirtual()
          .name("snapshots")
          .start(() ->
              prepare(snapshots, data, sandboxes, environments, runtimes, keys, functionLogs));
      functions.listen(new Provisioning(dispatcher, images));
      // Binding a service's operations takes a while, which the first caller need not wait for.
      Thread.ofPlatform()
          .name("load")
          .daemon()
          .start(() -> {
            outside.load("lambda");
          });
      return new LambicServer(closers, dispatcher, events, listener, address.get());
    }

    private CodeCache codes(DataDirectory data, Sandboxes sandboxes) {
      return new CodeCache(
          data.path("byte-code"),
          CodeStore.trees(data.path("functions")),
          BYTE_CODE_BYTES,
          sandboxes,
          ticker,
          ids,
          faults);
    }

    /** Gets ready to make snapshots, where that is wanted and can be done. */
    private void prepare(
        HostSnapshots snapshots,
        DataDirectory data,
        Sandboxes sandboxes,
        EnvironmentFactory environments,
        HostRuntimes runtimes,
        Keys keys,
        FunctionLogs logs) {
      Path work = data.path("sandbox");
      snapshots.prepare(
          () ->
              config.fast().contains(FastPath.SNAPSHOTS)
                  ? Criu.find(config.cache()).map(found -> Criu.prepare(found, work))
                  : Optional.empty(),
          criu -> SnapshotProbe.run(sandboxes, criu, work),
          criu -> {
            SnapshotStore store =
                new SnapshotStore(
                    data.path("snapshots"),
                    criu,
                    SNAPSHOT_BYTES,
                    faults,
                    why -> System.out.println("[WARN] " + why));
            environments.use(store);
            return store;
          },
          store -> new Templates(runtimes, store, keys, logs, ticker, ids));
    }

    private HttpServer.Listener listen(HttpServer http, HttpHandler handler) throws IOException {
      InetSocketAddress wanted = new InetSocketAddress(config.host(), config.port());
      try {
        return http.listen(wanted, HttpConfig.standard(), handler);
      } catch (IOException e) {
        String name = url(config.host(), config.port()).getAuthority();
        throw new IOException(
            "cannot listen on " + name + " (" + e.getMessage() + "). Choose another by --port", e);
      }
    }

    private FunctionService functions(
        DataDirectory data,
        Records records,
        HostRuntimes runtimes,
        Containers containers,
        ProvisionedEnvironments environments) {
      String architecture = System.getProperty("os.arch").equals("aarch64") ? "arm64" : "x86_64";
      return FunctionService.open(
          new FunctionsConfig(data.path("functions"), architecture, 1000, this::reached),
          records,
          runtimes::target,
          containers,
          environments,
          new Ambient(ticker, ids, faults, () -> ThreadLocalRandom.current().nextDouble()));
    }

    private Backlog backlog(DataDirectory data) {
      ExecutorService told =
          Executors.newSingleThreadExecutor(Thread.ofPlatform().daemon().name("events").factory());
      closers.add(told::shutdown);
      return SqliteBacklog.open(data.path("events.db"), told, faults, MAX_EVENTS_BYTES);
    }

    private EventQueue events(
        Backlog backlog, FunctionService functions, Images images, Invoker invoker, S3Service s3) {
      Events events =
          new Events(
              functions.directory(),
              functions.events(),
              images,
              invoker,
              s3,
              ids,
              faults,
              Assembly::warn);
      EventQueue queue =
          closers.add(new EventQueue(EventLimits.standard(), backlog, events, ticker, faults));
      events.use(queue);
      functions.listen(events);
      return queue;
    }

    private static void warn(String notice) {
      System.out.println("[WARN] " + notice);
    }

    /** Where the client that is being served reaches this server, for links in its answer. */
    private URI reached() {
      return Arrival.host().map(host -> URI.create("http://" + host)).orElseGet(address::get);
    }

    private AwsEndpoint endpoint(
        AuthMode mode,
        Keys keys,
        List<Service> services,
        FunctionService functions,
        Health health) {
      AwsEndpoint.Builder endpoint = AwsEndpoint.builder(ticker, ids, faults).auth(mode, keys);
      services.forEach(endpoint::service);
      return endpoint
          .prefix("/_lambic/health", health)
          .prefix(CodeDownloads.PREFIX, new Downloads(functions.downloads()))
          .build();
    }

    /** Serves function URLs, and leaves the rest to the endpoint. */
    private HttpHandler front(
        AwsEndpoint endpoint, FunctionService functions, Images images, Invoker invoker) {
      Urls urls =
          new Urls(functions.urls(), functions.directory(), images, new Traces(ticker), endpoint);
      return new UrlFront(urls, invoker, ticker, ids, faults, endpoint);
    }

    private static URI url(InetAddress host, int port) {
      String name = host.isAnyLocalAddress() ? "127.0.0.1" : host.getHostAddress();
      return URI.create("http://" + (name.contains(":") ? "[" + name + "]" : name) + ":" + port);
    }

    /** Few: a thread that reads one socket and writes another needs to wake nobody. */
    private static int threads() {
      return Math.clamp(Runtime.getRuntime().availableProcessors() / 2, 1, 4);
    }
  }
}
