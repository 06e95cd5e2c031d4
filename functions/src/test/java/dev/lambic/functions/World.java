package dev.lambic.functions;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.lambic.kernel.Ids;
import dev.lambic.store.Records;
import dev.lambic.store.SqliteRecords;
import dev.lambic.wire.Caller;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Consumer;
import java.util.function.Function;
import software.amazon.awssdk.services.lambda.LambdaClient;
import software.amazon.awssdk.services.lambda.model.CreateFunctionRequest;
import software.amazon.awssdk.services.lambda.model.FunctionConfiguration;
import software.amazon.awssdk.services.lambda.model.LambdaException;
import software.amazon.awssdk.services.lambda.model.PublishVersionResponse;

/** A control plane on a directory of its own, which can be stopped and started again. */
final class World implements AutoCloseable {
  static final Caller CALLER = Caller.ofAccount("111111111111", "us-east-1");
  static final String ROLE = "arn:aws:iam::111111111111:role/worker";
  static final String ARN = "arn:aws:lambda:us-east-1:111111111111:function:";

  final Clock clock = new Clock();
  final List<String> faults = new CopyOnWriteArrayList<>();
  final Shelf containers = new Shelf();
  final Ahead ahead = new Ahead();
  final Path directory;
  private final long codeBytes;
  private final Ids ids = Ids.seeded(42);
  private final Random chances = new Random(43);
  private ManualExecutor preparing = new ManualExecutor();
  private CountingRecords records;
  private FunctionService service;

  World(Path directory) {
    this(directory, 80_530_636_800L);
  }

  /** A world in which an account may have only so much code. */
  World(Path directory, long codeBytes) {
    this.directory = directory;
    this.codeBytes = codeBytes;
    this.records = new CountingRecords(SqliteRecords.open(directory.resolve("lambic.db")));
    this.service = open(records, preparing);
  }

  /** A world whose preparations run by themselves, on other threads. */
  static World onItsOwn(Path directory) {
    World world = new World(directory);
    world.service.close();
    world.service = world.open(world.records, Executors.newVirtualThreadPerTaskExecutor());
    return world;
  }

  private FunctionService open(Records in, ExecutorService threads) {
    FunctionsConfig config =
        new FunctionsConfig(
            directory.resolve("functions"),
            "x86_64",
            1000,
            () -> URI.create("http://localhost:4566/"),
            codeBytes);
    return FunctionService.open(
        config,
        in,
        World::requireRuntime,
        containers,
        ahead,
        new Ambient(
            clock, ids, (where, fault) -> faults.add(where + ": " + fault), chances::nextDouble),
        threads);
  }

  private static void requireRuntime(String runtime) {
    if (!runtime.startsWith("python") && !runtime.startsWith("provided")) {
      throw Errors.invalid("Lambic cannot run the runtime " + runtime + " yet.");
    }
  }

  FunctionService service() {
    return service;
  }

  CountingRecords records() {
    return records;
  }

  /** Ends the server without finishing anything, and starts another one on its data. */
  void restart() {
    service.close();
    records.close();
    preparing = new ManualExecutor();
    records = new CountingRecords(SqliteRecords.open(directory.resolve("lambic.db")));
    service = open(records, preparing);
  }

  /** Finishes what is on its way. */
  void settle() {
    preparing.runAll();
  }

  /** Calls an operation for the usual caller. */
  <T> T call(Function<LambdaClient, T> operation) {
    return call(CALLER, operation);
  }

  <T> T call(Caller caller, Function<LambdaClient, T> operation) {
    try {
      return caller.run(() -> operation.apply(service));
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  /** The error that an operation gives. */
  LambdaException refused(Function<LambdaClient, ?> operation) {
    LambdaException error = catchThrowableOfType(LambdaException.class, () -> call(operation));
    assertThat(error).as("the operation succeeded").isNotNull();
    return error;
  }

  /** Code and message of the error, as a client sees them. */
  String error(Function<LambdaClient, ?> operation) {
    LambdaException error = refused(operation);
    return error.statusCode()
        + " "
        + error.awsErrorDetails().errorCode()
        + ": "
        + error.awsErrorDetails().errorMessage();
  }

  /** Creates a function that is active when this returns. */
  FunctionConfiguration create(String name) {
    call(lambda -> lambda.createFunction(usual(name)));
    settle();
    return configuration(name);
  }

  /** Publishes a version. */
  PublishVersionResponse publish(String name) {
    return call(lambda -> lambda.publishVersion(r -> r.functionName(name)));
  }

  /** Changes the description, and with it what would be published. */
  void describe(String name, String description) {
    call(l -> l.updateFunctionConfiguration(r -> r.functionName(name).description(description)));
    settle();
  }

  /** What an invocation would run. */
  Resolved resolve(String nameOrArn) {
    return service.directory().resolve(CALLER, nameOrArn, null);
  }

  /** The least that a function needs. */
  static Consumer<CreateFunctionRequest.Builder> usual(String name) {
    return request ->
        request
            .functionName(name)
            .runtime("python3.12")
            .role(ROLE)
            .handler("index.handler")
            .code(code -> code.zipFile(Zips.handler("hello")));
  }

  FunctionConfiguration configuration(String name) {
    return call(lambda -> lambda.getFunction(r -> r.functionName(name))).configuration();
  }

  /** Ends the world, and fails if anything happened that must not. */
  @Override
  public void close() {
    service.close();
    records.close();
    assertThat(faults).isEmpty();
  }
}
