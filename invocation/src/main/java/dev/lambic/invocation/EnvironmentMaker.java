package dev.lambic.invocation;

import dev.lambic.kernel.Blame;
import dev.lambic.kernel.Ids;
import dev.lambic.kernel.LambicException;
import dev.lambic.kernel.Ticker;
import dev.lambic.runtime.Environment;
import dev.lambic.runtime.EnvironmentSpec;
import dev.lambic.runtime.Initialization;
import dev.lambic.runtime.RuntimeTarget;
import dev.lambic.runtime.SessionCredentials;
import dev.lambic.runtime.TelemetryRecords;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Makes environments: gives each a log stream, credentials and a claim on the code, and takes these
 * back when nothing of it is left. Safe for use by many threads.
 */
final class EnvironmentMaker {
  private static final DateTimeFormatter STREAM_DATE =
      DateTimeFormatter.ofPattern("yyyy/MM/dd", Locale.ROOT);

  private final EnvironmentStarter starter;
  private final CredentialIssuer credentials;
  private final Logs logs;
  private final Ticker ticker;
  private final Ids ids;

  EnvironmentMaker(
      EnvironmentStarter starter, CredentialIssuer credentials, Logs logs, Ticker ticker, Ids ids) {
    this.starter = starter;
    this.credentials = credentials;
    this.logs = logs;
    this.ticker = ticker;
    this.ids = ids;
  }

  /**
   * Starts an environment and returns while it initialises.
   *
   * @param why the environment is made
   * @param worker makes the object that looks after it
   * @param known told of that object before anything happens to it; may refuse by throwing
   * @param gone run once, when nothing of the environment is left or none came into being
   * @throws LambicException if it cannot be started
   */
  Worker make(
      FunctionImage image,
      Initialization why,
      Function<EnvironmentLog, Worker> worker,
      Consumer<Worker> known,
      Runnable gone) {
    Held held = new Held(gone);
    try {
      return make(image, why, worker, known, held);
    } catch (Throwable e) {
      held.release();
      throw e;
    }
  }

  private Worker make(
      FunctionImage image,
      Initialization why,
      Function<EnvironmentLog, Worker> workers,
      Consumer<Worker> known,
      Held held) {
    Code.Lease lease = image.code().acquire();
    held.also(lease::close);
    RuntimeTarget target = lease.container().orElseGet(() -> target(image));
    String unique = ids.hex32();
    String date = LocalDate.ofInstant(ticker.instant(), ZoneOffset.UTC).format(STREAM_DATE);
    String stream = date + "/[" + image.version() + "]" + unique;
    EnvironmentLog log =
        new EnvironmentLog(
            logs.open(image, stream),
            ticker,
            image.logSettings(),
            new TelemetryRecords(image.name(), image.version(), stream, image.memoryMb(), why));
    SessionCredentials session = credentials.issue(image.account(), image.role(), image.name());
    held.also(() -> credentials.revoke(session));
    Worker worker = workers.apply(log);
    known.accept(worker);
    worker.starting(target);
    try {
      // A function's name may begin with what no sandbox's name may.
      String name = unique.substring(0, 12) + "-" + image.name();
      Environment environment =
          starter.start(spec(image, target, name, lease, stream, session, why), worker);
      worker.started(environment);
      var _ = environment.gone().thenRun(held::release);
      return worker;
    } catch (Throwable e) {
      worker.endIfIdle();
      throw e;
    }
  }

  private RuntimeTarget target(FunctionImage image) {
    try {
      return starter.target(image.runtime());
    } catch (LambicException e) {
      // It could be run when the function was made; now it is this host that lacks something.
      throw e.blame() == Blame.CALLER
          ? new LambicException(
              "InvalidRuntimeException", Blame.CAPACITY, String.valueOf(e.getMessage()), e)
          : e;
    }
  }

  static EnvironmentSpec spec(
      FunctionImage image,
      RuntimeTarget target,
      String name,
      Code.Lease lease,
      String stream,
      SessionCredentials session,
      Initialization why) {
    return new EnvironmentSpec(
        name,
        target,
        image.name(),
        image.version(),
        image.account(),
        image.region(),
        image.handler(),
        image.memoryMb(),
        image.tmpMb(),
        image.variables(),
        lease.directory(),
        lease.opt(),
        image.logGroup(),
        stream,
        image.logSettings(),
        session,
        why,
        image.role(),
        image.fileSystems());
  }

  /** What an environment holds; given back once, the last first. */
  private static final class Held {
    private Runnable back;
    private boolean released;

    Held(Runnable last) {
      this.back = last;
    }

    synchronized void also(Runnable action) {
      Runnable before = back;
      back =
          () -> {
            try {
              action.run();
            } finally {
              before.run();
            }
          };
    }

    void release() {
      Runnable due;
      synchronized (this) {
        if (released) {
          return;
        }
        released = true;
        due = back;
      }
      due.run();
    }
  }
}
