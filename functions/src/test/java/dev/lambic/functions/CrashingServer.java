package dev.lambic.functions;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.lambda.model.EventSourceMappingConfiguration;

/** A child process that works on functions until it is killed, and says what was answered. */
final class CrashingServer {
  private static final int THREADS = 4;
  static final int STEPS = 6;

  /** What the deployment packages say, by the step that brings them. */
  static final List<String> CODES =
      IntStream.rangeClosed(0, STEPS)
          .mapToObj(step -> "# code " + step + "\n".repeat(999))
          .toList();

  private CrashingServer() {}

  /** What a function is after a step: 1 creates, even ones change settings, odd ones code. */
  static String expected(int step) {
    if (step == 0 || step > STEPS) {
      return "gone";
    }
    int settings = step - step % 2;
    int code = step % 2 == 0 ? step - 1 : step;
    return "step " + settings + " with code " + code;
  }

  /** Runs the child and kills it after that many answers; the highest step of each function. */
  static Map<String, Integer> killAfter(int answers, Path directory) throws Exception {
    Process child =
        new ProcessBuilder(
                List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "--enable-native-access=ALL-UNNAMED",
                    "-XX:+UseSerialGC",
                    "-XX:TieredStopAtLevel=1",
                    "-cp",
                    System.getProperty("java.class.path"),
                    CrashingServer.class.getName(),
                    directory.toString()))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    Map<String, Integer> answered = new HashMap<>();
    try (BufferedReader out = child.inputReader(StandardCharsets.UTF_8)) {
      for (int i = 0; i < answers; i++) {
        String line = out.readLine();
        if (line == null) {
          throw new IOException("the server ended by itself with " + child.waitFor());
        }
        note(line, answered);
      }
      // SIGKILL; the method of Process would close the pipe, which still has something to read.
      child.toHandle().destroyForcibly();
      for (String line = out.readLine(); line != null; line = out.readLine()) {
        note(line, answered);
      }
    } finally {
      child.destroyForcibly();
    }
    if (!child.waitFor(30, TimeUnit.SECONDS)) {
      throw new IOException("the server does not die");
    }
    return answered;
  }

  private static void note(String line, Map<String, Integer> answered) {
    int space = line.indexOf(' ');
    answered.merge(line.substring(0, space), Integer.valueOf(line.substring(space + 1)), Math::max);
  }

  /** Argument: the directory. */
  public static void main(String[] arguments) throws Exception {
    World world = World.onItsOwn(Files.createDirectories(Path.of(arguments[0])));
    PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    AtomicInteger next = new AtomicInteger();
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < THREADS; i++) {
      threads.add(
          Thread.ofPlatform()
              .start(() -> {
                while (!out.checkError()) {
                  live(world, "fn" + next.getAndIncrement(), out);
                }
              }));
    }
    for (Thread thread : threads) {
      thread.join();
    }
  }

  private static void live(World world, String name, PrintStream out) {
    for (int step = 1; step <= STEPS + 1; step++) {
      stepOfAlias(world, name, step);
      step(world, name, step);
      stepOfMapping(world, name, step);
      out.println(name + " " + step);
      while (step <= STEPS && inProgress(world, name)) {
        Thread.onSpinWait();
      }
    }
  }

  /**
   * Before the second step and each that follows, a version is published and the alias led to it.
   */
  private static void stepOfAlias(World world, String name, int step) {
    if (step == 1 || step > STEPS) {
      return;
    }
    String version = world.publish(name).version();
    if (step == 2) {
      world.call(l -> l.createAlias(r -> r.functionName(name).name("at").functionVersion(version)));
    } else {
      world.call(l -> l.updateAlias(r -> r.functionName(name).name("at").functionVersion(version)));
    }
  }

  private static void step(World world, String name, int step) {
    SdkBytes zip = SdkBytes.fromByteArray(Zips.of("index.py", CODES.get(Math.min(step, STEPS))));
    if (step == 1) {
      String a = LayersTest.publish(world, name + "-a", "a").layerVersionArn();
      String b = LayersTest.publish(world, name + "-b", "b").layerVersionArn();
      world.call(l ->
          l.createFunction(
              World.usual(name)
                  .andThen(r -> r.description("step 0").layers(a, b).code(c -> c.zipFile(zip)))));
    } else if (step > STEPS) {
      world.call(l -> l.deleteFunction(r -> r.functionName(name)));
    } else if (step % 2 == 0) {
      world.call(l ->
          l.updateFunctionConfiguration(r -> r.functionName(name).description("step " + step)));
    } else {
      world.call(l -> l.updateFunctionCode(r -> r.functionName(name).zipFile(zip)));
    }
  }

  /**
   * A queue of the function's, whose mapping takes batches of as many records as steps were made.
   */
  static String queue(String name) {
    return "arn:aws:sqs:us-east-1:111111111111:" + name;
  }

  /** The mapping of the function's queue, if it is there. */
  static Optional<EventSourceMappingConfiguration> mapping(World world, String name) {
    return world
        .call(l -> l.listEventSourceMappings(r -> r.eventSourceArn(queue(name))))
        .eventSourceMappings()
        .stream()
        .findFirst();
  }

  private static void stepOfMapping(World world, String name, int step) {
    if (step == 1) {
      world.call(l ->
          l.createEventSourceMapping(
              r -> r.functionName(name).eventSourceArn(queue(name)).batchSize(1)));
    } else {
      String uuid = mapping(world, name).orElseThrow().uuid();
      if (step > STEPS) {
        world.call(l -> l.deleteEventSourceMapping(r -> r.uuid(uuid)));
      } else {
        world.call(l -> l.updateEventSourceMapping(r -> r.uuid(uuid).batchSize(step)));
      }
    }
    while (mapping(world, name).filter(m -> MappingState.of(m.state()).inProgress()).isPresent()) {
      Thread.onSpinWait();
    }
  }

  private static boolean inProgress(World world, String name) {
    return Lifecycle.of(world.configuration(name)).inProgress();
  }
}
