package dev.lambic.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** How soon the first byte of a streamed answer is there, in a warm environment of Node.js. */
final class StreamRow {
  private static final long PAUSE_MILLIS = 2;

  private final Effort effort;
  private final List<String> server;

  StreamRow(Effort effort, List<String> server) {
    this.effort = effort;
    this.server = server;
  }

  Report run() throws IOException, InterruptedException {
    Rounds floor = new Rounds();
    Rounds mine = new Rounds();
    try (Lambic lambic = Lambic.start(server);
        Functions functions = new Functions(lambic)) {
      Path program = functions.create(Language.NODE);
      functions.createStream();
      try (BareLoop.Code code = new BareLoop.Code(Language.NODE, program);
          BareLoop loop = code.start()) {
        calls(loop.client(), BareLoop.STREAM, effort.paced());
        calls(functions.client(), functions.stream(), effort.paced());
        for (int round = 0; round < effort.rounds(); round++) {
          floor.add(calls(loop.client(), BareLoop.STREAM, effort.paced()));
          mine.add(calls(functions.client(), functions.stream(), effort.paced()));
        }
      }
    }
    return new Report(
        "stream",
        "a warm streamed call, from its first byte until the first byte of the answer's body",
        List.of(
            Line.floor("Node.js, first byte", "bare loop", floor),
            Line.of("Node.js, first byte", "Lambic", mine, floor)),
        List.of(),
        List.of("The handler writes at once, and ends 5 ms later."));
  }

  private static Samples calls(HttpClient client, byte[] call, int count)
      throws IOException, InterruptedException {
    Samples samples = new Samples();
    for (int i = 0; i < count; i++) {
      long begin = System.nanoTime();
      samples.add(client.firstByte(call) - begin);
      TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
    }
    return samples;
  }
}
