package dev.lambic.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/** How long a server with very many functions takes to start, and to list some of them. */
final class FunctionsRow {
  private static final String PATH = "/2015-03-31/functions";
  private static final byte[] NOTHING = new byte[0];
  private static final int PAGE = 50;
  private static final int CLIENTS = 16;

  /** Pages that are asked for before any is measured. */
  private static final int WARM_UPS = 200;

  private final Effort effort;
  private final List<String> server;

  FunctionsRow(Effort effort, List<String> server) {
    this.effort = effort;
    this.server = server;
  }

  Report run() throws IOException, InterruptedException {
    String subject = effort.functions() + " functions";
    List<Line> lines = new ArrayList<>();
    try (Scratch none = Scratch.create();
        Scratch few = Scratch.create();
        Scratch many = Scratch.create()) {
      fill(few, PAGE);
      fill(many, effort.functions());
      Rounds empty = new Rounds();
      Rounds full = new Rounds();
      // The first of each warms the page cache.
      start(none);
      start(many);
      for (int i = 0; i < effort.starts(); i++) {
        empty.add(start(none));
        full.add(start(many));
      }
      lines.add(Line.floor("start", "no function", empty));
      lines.add(Line.of("start", subject, full, empty));

      Rounds small = new Rounds();
      Rounds first = new Rounds();
      Rounds last = new Rounds();
      try (Lambic one = Lambic.start(server, few);
          Lambic other = Lambic.start(server, many);
          HttpClient toOne = one.connect();
          HttpClient toOther = other.connect()) {
        byte[] begin = page(one.signer(), "");
        byte[] otherBegin = page(other.signer(), "");
        byte[] otherEnd = page(other.signer(), lastMarker(other, toOther));
        measure(toOne, begin, WARM_UPS);
        measure(toOther, otherBegin, WARM_UPS);
        measure(toOther, otherEnd, WARM_UPS);
        for (int round = 0; round < effort.rounds(); round++) {
          small.add(measure(toOne, begin, effort.paced()));
          first.add(measure(toOther, otherBegin, effort.paced()));
          last.add(measure(toOther, otherEnd, effort.paced()));
        }
      }
      lines.add(Line.floor("ListFunctions, 50 items", PAGE + " functions", small));
      lines.add(Line.of("ListFunctions, 50 items", subject + ", first page", first, small));
      lines.add(Line.of("ListFunctions, 50 items", subject + ", last page", last, small));
    }
    return new Report(
        "functions",
        "a server with many functions, its start until the first 200 of /_lambic/health, and lists",
        lines,
        List.of(),
        List.of("All functions share one deployment package."));
  }

  private Samples start(Scratch data) throws IOException, InterruptedException {
    Samples one = new Samples();
    long begin = System.nanoTime();
    Lambic lambic = Lambic.start(server, data);
    one.add(System.nanoTime() - begin);
    lambic.close();
    return one;
  }

  /** Makes so many functions in the data directory. */
  private void fill(Scratch data, int count) throws IOException, InterruptedException {
    try (Lambic lambic = Lambic.start(server, data);
        ExecutorService clients = Executors.newFixedThreadPool(CLIENTS)) {
      List<Future<?>> running = new ArrayList<>();
      for (int client = 0; client < CLIENTS; client++) {
        int begin = client;
        running.add(
            clients.submit(() -> {
              create(lambic, begin, count);
              return null;
            }));
      }
      for (Future<?> one : running) {
        one.get();
      }
      // Who stops now finds all of them ready, not on their way.
      try (HttpClient client = lambic.connect()) {
        awaitActive(lambic.signer(), client, name(count - 1));
      }
    } catch (ExecutionException e) {
      throw new IOException(e);
    }
  }

  private static void create(Lambic lambic, int begin, int count)
      throws IOException, InterruptedException {
    Signer signer = lambic.signer();
    String zip = Base64.getEncoder().encodeToString(Language.PYTHON.zip());
    try (HttpClient client = lambic.connect()) {
      for (int i = begin; i < count; i += CLIENTS) {
        String body =
            """
            {"FunctionName":"%s","Runtime":"%s","Handler":"hello.handler",\
            "Role":"arn:aws:iam::000000000000:role/bench","Code":{"ZipFile":"%s"}}\
            """
                .formatted(name(i), Language.PYTHON.runtime(), zip);
        exchange(
            client,
            signer.request("POST", PATH, body.getBytes(StandardCharsets.UTF_8), Instant.now()),
            201);
      }
    }
  }

  private static void awaitActive(Signer signer, HttpClient client, String name)
      throws IOException, InterruptedException {
    long deadline = System.nanoTime() + Duration.ofSeconds(60).toNanos();
    String path = PATH + "/" + name + "/configuration";
    while (true) {
      byte[] request = signer.request("GET", path, NOTHING, Instant.now());
      if (Json.member(exchange(client, request, 200), "State").equals("Active")) {
        return;
      }
      if (System.nanoTime() > deadline) {
        throw new IOException(name + " does not become active");
      }
      TimeUnit.MILLISECONDS.sleep(10);
    }
  }

  private static String name(int number) {
    return "function-%05d".formatted(number);
  }

  /** The marker before the last page, found by walking through all of them. */
  private static String lastMarker(Lambic lambic, HttpClient client) throws IOException {
    Signer signer = lambic.signer();
    String marker = "";
    while (true) {
      byte[] page = exchange(client, page(signer, marker), 200);
      String next = Json.optional(page, "NextMarker");
      if (next == null) {
        return marker;
      }
      marker = next;
    }
  }

  private static byte[] page(Signer signer, String marker) {
    return signer.request(
        "GET", PATH + (marker.isEmpty() ? "" : "?Marker=" + marker), NOTHING, Instant.now());
  }

  private static Samples measure(HttpClient client, byte[] request, int count) throws IOException {
    Samples samples = new Samples();
    for (int i = 0; i < count; i++) {
      long begin = System.nanoTime();
      exchange(client, request, 200);
      samples.add(System.nanoTime() - begin);
    }
    return samples;
  }

  private static byte[] exchange(HttpClient client, byte[] request, int expected)
      throws IOException {
    HttpMessage answer = client.exchange(request);
    if (answer.status() != expected) {
      throw new IOException("answered " + answer.status() + ": " + answer.text());
    }
    return answer.body();
  }
}
