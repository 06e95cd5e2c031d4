package dev.lambic.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/** The hello functions in a running server: makes them, changes them, calls them. */
final class Functions implements AutoCloseable {
  /** Of the functions: as much memory as comes with one whole processor. */
  static final int MEMORY_MB = 1769;

  private static final String STREAM = "stream-node";
  private static final String PATH = "/2015-03-31/functions";
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final byte[] NOTHING = new byte[0];

  private final HttpClient client;
  private final Lambic lambic;
  private final Signer signer;
  private int changes;

  Functions(Lambic lambic) throws IOException {
    this.lambic = lambic;
    signer = lambic.signer();
    client = lambic.connect();
  }

  /** The name of a language's function. */
  static String name(Language language) {
    return "hello-" + language.name().toLowerCase(Locale.ROOT);
  }

  /**
   * Makes the function, waits until it is ready and asks for the version of its interpreter.
   *
   * @return the interpreter of the host that it runs on
   */
  Path create(Language language) throws IOException, InterruptedException {
    create(language.runtime(), name(language), language.handler(), language.zip());
    HttpMessage answer = client.exchange(call(language, "version"));
    if (answer.status() != 200) {
      throw new IOException("the function does not answer: " + answer.text());
    }
    if (language == Language.JAVA) {
      // Its environments start without an archive until the first one has led to it.
      lambic.awaitFile("bootstraps/java", "client.jsa");
      change(language);
    }
    return language.program(Json.member(answer.body(), "version"));
  }

  /**
   * Makes a function that AWS's own runtime client of a language runs, as a custom runtime.
   *
   * @param client directory with the client
   * @return the interpreter of the host that it runs on
   */
  Path createWithClient(Language language, Path client) throws IOException, InterruptedException {
    create(
        "provided.al2023",
        clientName(language),
        language.handler(),
        language.zipWithClient(client));
    HttpMessage answer = client().exchange(call(clientName(language), "version"));
    if (answer.status() != 200) {
      throw new IOException("the function does not answer: " + answer.text());
    }
    return language.program(Json.member(answer.body(), "version"));
  }

  /** The name of a language's function with AWS's client. */
  static String clientName(Language language) {
    return name(language) + "-client";
  }

  /** Makes a function of Node.js whose answer comes in two pieces. */
  void createStream() throws IOException, InterruptedException {
    create(Language.NODE.runtime(), STREAM, "stream.handler", Language.NODE.zip("stream.js"));
  }

  /** Makes the language's function of a package, in a runtime. */
  void create(Language language, String runtime, byte[] zip)
      throws IOException, InterruptedException {
    create(runtime, name(language), language.handler(), zip);
  }

  /** A call of that function as bytes, good for some minutes. */
  byte[] stream() {
    return signer.request(
        "POST",
        "/2021-11-15/functions/" + STREAM + "/response-streaming-invocations",
        "{}".getBytes(StandardCharsets.UTF_8),
        Instant.now());
  }

  private void create(String runtime, String name, String handler, byte[] zip)
      throws IOException, InterruptedException {
    create(runtime, name, handler, zip, "");
  }

  /** As those above, with further members of the request, each with a comma before it. */
  private void create(String runtime, String name, String handler, byte[] zip, String more)
      throws IOException, InterruptedException {
    String body =
        """
        {"FunctionName":"%s","Runtime":"%s","Handler":"%s","MemorySize":%d,"Timeout":60,\
        "Role":"arn:aws:iam::000000000000:role/bench","Code":{"ZipFile":"%s"}%s}\
        """
            .formatted(
                name, runtime, handler, MEMORY_MB, Base64.getEncoder().encodeToString(zip), more);
    control("POST", PATH, body.getBytes(StandardCharsets.UTF_8));
    await(name, "State", "Active");
  }

  /**
   * Makes a function for tenants, so that each call of a tenant that never called before needs a
   * new environment.
   *
   * @return its name
   */
  String createForTenants(Language language) throws IOException, InterruptedException {
    String name = name(language) + "-tenants";
    create(
        language.runtime(),
        name,
        language.handler(),
        language.zip(),
        ",\"TenancyConfig\":{\"TenantIsolationMode\":\"PER_TENANT\"}");
    return name;
  }

  /** A call of a function by a tenant, good for some minutes. */
  byte[] call(String function, String event, String tenant) {
    return signer.request(
        "POST",
        PATH + "/" + function + "/invocations",
        event(event).getBytes(StandardCharsets.UTF_8),
        Instant.now(),
        "x-amz-tenant-id",
        tenant);
  }

  private static String event(String name) {
    return "{\"name\":\"" + name + "\"}";
  }

  /** A call that is answered before it runs, and then stays in its handler for so long. */
  byte[] event(Language language, long holdMillis) {
    return signer.request(
        "POST",
        PATH + "/" + name(language) + "/invocations",
        ("{\"name\":\"world\",\"hold\":" + holdMillis + "}").getBytes(StandardCharsets.UTF_8),
        Instant.now(),
        "x-amz-invocation-type",
        "Event");
  }

  /** Lets the function have no more environments at one time. */
  void reserve(Language language, int environments) throws IOException {
    control(
        "PUT",
        "/2017-10-31/functions/" + name(language) + "/concurrency",
        ("{\"ReservedConcurrentExecutions\":" + environments + "}")
            .getBytes(StandardCharsets.UTF_8));
  }

  /** A call that stays in its handler for so long. */
  byte[] hold(String function, long millis) {
    return hold(function, "", millis);
  }

  /** The same of a version. */
  byte[] holdVersion(Language language, String version, long millis) {
    return hold(name(language), "?Qualifier=" + version, millis);
  }

  private byte[] hold(String function, String query, long millis) {
    return signer.request(
        "POST",
        PATH + "/" + function + "/invocations" + query,
        ("{\"name\":\"world\",\"hold\":" + millis + "}").getBytes(StandardCharsets.UTF_8),
        Instant.now());
  }

  /** Changes the configuration, so that no environment of the function may be used any more. */
  void change(Language language) throws IOException, InterruptedException {
    String body = "{\"Environment\":{\"Variables\":{\"CHANGE\":\"%d\"}}}".formatted(++changes);
    control(
        "PUT",
        PATH + "/" + name(language) + "/configuration",
        body.getBytes(StandardCharsets.UTF_8));
    await(name(language), "LastUpdateStatus", "Successful");
  }

  private void await(String name, String member, String wanted)
      throws IOException, InterruptedException {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (true) {
      byte[] state = control("GET", PATH + "/" + name + "/configuration", NOTHING);
      String found = Json.member(state, member);
      if (found.equals(wanted)) {
        return;
      }
      if (found.equals("Failed") || System.nanoTime() > deadline) {
        throw new IOException(new String(state, StandardCharsets.UTF_8));
      }
      TimeUnit.MILLISECONDS.sleep(1);
    }
  }

  private byte[] control(String method, String path, byte[] body) throws IOException {
    HttpMessage answer = client.exchange(signer.request(method, path, body, Instant.now()));
    if (answer.status() / 100 != 2) {
      throw new IOException(method + " " + path + ": " + answer.status() + " " + answer.text());
    }
    return answer.body();
  }

  /** A call as bytes, good for some minutes. */
  byte[] call(Language language, String event) {
    return call(name(language), event);
  }

  /** As the other one, of a function by its name. */
  byte[] call(String function, String event) {
    return signer.request(
        "POST",
        PATH + "/" + function + "/invocations",
        event(event).getBytes(StandardCharsets.UTF_8),
        Instant.now());
  }

  /** What the server does not do; the message is its own reason. */
  static final class Refused extends Exception {
    private static final long serialVersionUID = 1L;

    Refused(HttpMessage answer) {
      super(answer.status() + " " + answer.text().replaceAll("\\s+", " "));
    }

    Refused(String reason) {
      super(reason);
    }
  }

  private byte[] asked(String method, String path, String body, int expected)
      throws IOException, Refused {
    HttpMessage answer =
        client.exchange(
            signer.request(method, path, body.getBytes(StandardCharsets.UTF_8), Instant.now()));
    if (answer.status() != expected) {
      throw new Refused(answer);
    }
    return answer.body();
  }

  /**
   * Makes the function in a runtime that has SnapStart, which the nearest interpreter then runs.
   *
   * @return the interpreter of the host that it runs on
   */
  Path createForSnapStart(Language language) throws IOException, InterruptedException {
    if (language != Language.PYTHON) {
      return create(language);
    }
    create("python3.13", name(language), language.handler(), language.zip());
    HttpMessage answer = client.exchange(call(language, "version"));
    if (answer.status() != 200) {
      throw new IOException("the function does not answer: " + answer.text());
    }
    return language.program(Json.member(answer.body(), "version"));
  }

  /** Wants snapshots of the versions that are published from now on. */
  void snapStart(Language language) throws IOException, InterruptedException, Refused {
    String name = name(language);
    asked(
        "PUT",
        PATH + "/" + name + "/configuration",
        "{\"SnapStart\":{\"ApplyOn\":\"PublishedVersions\"}}",
        200);
    await(name, "LastUpdateStatus", "Successful");
  }

  /**
   * Publishes a version and waits until it can be called.
   *
   * @return the version
   * @throws Refused if it is not one that is restored from a snapshot
   */
  String publish(Language language) throws IOException, InterruptedException, Refused {
    byte[] made = asked("POST", PATH + "/" + name(language) + "/versions", "{}", 201);
    String version = Json.member(made, "Version");
    long deadline = System.nanoTime() + 4 * PATIENCE.toNanos();
    while (true) {
      byte[] state =
          control(
              "GET", PATH + "/" + name(language) + "/configuration?Qualifier=" + version, NOTHING);
      String found = Json.member(state, "State");
      if (found.equals("Active")) {
        if (!RestoreRow.isOptimized(state)) {
          throw new Refused("the version's OptimizationStatus is not On");
        }
        return version;
      }
      if (found.equals("Failed") || System.nanoTime() > deadline) {
        throw new IOException(new String(state, StandardCharsets.UTF_8));
      }
      TimeUnit.MILLISECONDS.sleep(5);
    }
  }

  /** The connection that calls are sent over. */
  HttpClient client() {
    return client;
  }

  @Override
  public void close() throws IOException {
    client.close();
  }
}
