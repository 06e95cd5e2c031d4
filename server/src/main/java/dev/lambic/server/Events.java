package dev.lambic.server;

import dev.lambic.functions.EventDirectory;
import dev.lambic.functions.FunctionDirectory;
import dev.lambic.functions.FunctionListener;
import dev.lambic.functions.FunctionVersion;
import dev.lambic.functions.Resolved;
import dev.lambic.invocation.EventHandler;
import dev.lambic.invocation.EventQueue;
import dev.lambic.invocation.Invocation;
import dev.lambic.invocation.Invoker;
import dev.lambic.invocation.Outcome;
import dev.lambic.invocation.QueuedEvent;
import dev.lambic.kernel.Blame;
import dev.lambic.kernel.FaultHandler;
import dev.lambic.kernel.Ids;
import dev.lambic.kernel.LambicException;
import dev.lambic.services.S3Service;
import dev.lambic.wire.Caller;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.lambda.model.LambdaException;

/**
 * Runs the events of asynchronous invocations, and sends what became of them to their destinations:
 * to functions as events of theirs, to S3 as objects. Safe for use by many threads.
 */
final class Events implements EventHandler, FunctionListener {
  /** The most an asynchronous invocation may be asked with: 1 MiB. */
  static final int MAX_PAYLOAD_BYTES = 1 << 20;

  private static final String BUCKET = "arn:aws:s3:::";
  private static final byte[] NOTHING = new byte[0];
  private static final int MAX_TOLD = 1000;
  private static final DateTimeFormatter DAY =
      DateTimeFormatter.ofPattern("uuuu/MM/dd").withZone(ZoneOffset.UTC);
  private static final DateTimeFormatter SECOND =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH.mm.ss").withZone(ZoneOffset.UTC);

  private final FunctionDirectory functions;
  private final EventDirectory settings;
  private final Images images;
  private final Invoker invoker;
  private final S3Service s3;
  private final Ids ids;
  private final FaultHandler faults;
  private final Consumer<String> warnings;
  private final Set<String> told = ConcurrentHashMap.newKeySet();
  private final Late<EventQueue> queue = new Late<>();

  Events(
      FunctionDirectory functions,
      EventDirectory settings,
      Images images,
      Invoker invoker,
      S3Service s3,
      Ids ids,
      FaultHandler faults,
      Consumer<String> warnings) {
    this.functions = functions;
    this.settings = settings;
    this.images = images;
    this.invoker = invoker;
    this.s3 = s3;
    this.ids = ids;
    this.faults = faults;
    this.warnings = warnings;
  }

  /** Where events of functions that are deleted are dropped. */
  void use(EventQueue queue) {
    this.queue.set(queue);
  }

  @Override
  public Rules rules(QueuedEvent event) {
    if (event.lane().startsWith(BUCKET)) {
      return Rules.STANDARD;
    }
    EventDirectory.Settings found = settings(event);
    return new Rules(found.retries(), found.age(), found.closed());
  }

  private EventDirectory.Settings settings(QueuedEvent event) {
    return settings.settings(event.lane(), qualifier(event));
  }

  private static String qualifier(QueuedEvent event) {
    return event.target().equals(event.lane())
        ? FunctionVersion.LATEST
        : event.target().substring(event.lane().length() + 1);
  }

  @Override
  public void run(QueuedEvent event, Answer answer) {
    if (event.lane().startsWith(BUCKET)) {
      // Writing blocks.
      Thread.startVirtualThread(() -> store(event, answer));
      return;
    }
    FunctionVersion version;
    try {
      String arn = event.lane();
      version =
          functions
              .resolve(
                  owner(arn), arn, event.version().isEmpty() ? qualifier(event) : event.version())
              .function();
    } catch (LambdaException e) {
      String code = e.awsErrorDetails().errorCode();
      if (code.equals("ResourceNotFoundException")) {
        answer.gone();
      } else {
        answer.refused(new LambicException(code, Blame.CALLER, String.valueOf(e.getMessage()), e));
      }
      return;
    }
    if (version.perTenant() != (event.tenantId() != null)) {
      // Nobody can run it, for a function tells tenants apart from its beginning on or never.
      answer.gone();
      return;
    }
    invoker.invoke(
        new Invocation(
            event.requestId(),
            images.of(version),
            event.target(),
            event.payload(),
            false,
            event.traceId(),
            null,
            false,
            event.tenantId()),
        answer);
  }

  private static Caller owner(String functionArn) {
    String[] parts = functionArn.split(":", 6);
    return Caller.ofAccount(parts[4], parts[3]);
  }

  @Override
  public boolean follows(QueuedEvent event, Condition condition) {
    return destination(event, condition) != null;
  }

  private @Nullable String destination(QueuedEvent event, Condition condition) {
    if (event.lane().startsWith(BUCKET)) {
      return null;
    }
    EventDirectory.Settings found = settings(event);
    return condition == Condition.SUCCESS ? found.onSuccess() : found.onFailure();
  }

  @Override
  public List<QueuedEvent> follow(QueuedEvent event, End end, long now) {
    String destination = destination(event, end.condition());
    if (destination == null) {
      return List.of();
    }
    byte[] record = InvocationRecord.of(event, end, Instant.ofEpochMilli(now));
    QueuedEvent follower =
        destination.startsWith(BUCKET)
            ? object(destination, event, record, now)
            : ofFunction(destination, event, record, now);
    return follower == null ? List.of() : List.of(follower);
  }

  private QueuedEvent object(String bucket, QueuedEvent event, byte[] record, long now) {
    Instant time = Instant.ofEpochMilli(now);
    String function = event.lane().substring(event.lane().lastIndexOf(':') + 1);
    String key =
        "aws/lambda/async/"
            + function
            + "/"
            + DAY.format(time)
            + "/"
            + SECOND.format(time)
            + "-"
            + ids.uuid();
    return new QueuedEvent(bucket, bucket + "/" + key, "", ids.uuid(), now, null, null, record);
  }

  private @Nullable QueuedEvent ofFunction(
      String destination, QueuedEvent event, byte[] record, long now) {
    String[] parts = destination.split(":", 8);
    if (parts.length < 7 || !parts[2].equals("lambda")) {
      warn(destination, "such destinations do not exist yet");
      return null;
    }
    if (record.length > MAX_PAYLOAD_BYTES) {
      warn(destination, "a record has more than " + MAX_PAYLOAD_BYTES + " bytes");
      return null;
    }
    try {
      Resolved found =
          functions.resolve(
              Caller.ofAccount(owner(event.lane()).account(), parts[3]), destination, null);
      return new QueuedEvent(
          found.function().functionArn(),
          found.invokedArn(),
          found.function().version(),
          ids.uuid(),
          now,
          event.traceId(),
          null,
          record);
    } catch (LambdaException e) {
      if (e.awsErrorDetails().errorCode().equals("ResourceConflictException")) {
        // It will be there soon.
        String arn = String.join(":", List.of(parts).subList(0, 7));
        return new QueuedEvent(
            arn, destination, "", ids.uuid(), now, event.traceId(), null, record);
      }
      warn(destination, String.valueOf(e.awsErrorDetails().errorMessage()));
      return null;
    }
  }

  private void store(QueuedEvent event, Answer answer) {
    String[] parts = event.target().substring(BUCKET.length()).split("/", 2);
    try {
      switch (s3.store(parts[0], parts[1], event.payload())) {
        case S3Service.Stored.Done() -> answer.outcome(new Outcome(NOTHING, null, null, null));
        case S3Service.Stored.Refused(String code, String message) -> {
          warn(event.lane(), code + ": " + message);
          answer.gone();
        }
      }
    } catch (LambicException e) {
      warn(event.lane(), e.getMessage() + " It is tried again.");
      answer.refused(e);
    } catch (RuntimeException e) {
      faults.fault("a record for " + event.lane(), e);
      answer.gone();
    }
  }

  /** Says that a destination is not reached, once for each way. */
  private void warn(String destination, @Nullable String why) {
    String warning = "Nothing is sent to " + destination + ": " + why;
    if (told.size() < MAX_TOLD && told.add(warning)) {
      warnings.accept(warning);
    }
  }

  @Override
  public void updated(FunctionVersion now) {
    // Each attempt runs what there is then.
  }

  @Override
  public void deleted(FunctionVersion was) {
    if (was.version().equals(FunctionVersion.LATEST)) {
      queue.get().drop(was.functionArn());
    }
  }
}
