package dev.lambic.invocation;

import dev.lambic.kernel.Blame;
import dev.lambic.kernel.Ids;
import dev.lambic.kernel.LambicException;
import dev.lambic.kernel.Ticker;
import dev.lambic.runtime.Environment;
import dev.lambic.runtime.EnvironmentSpec;
import dev.lambic.runtime.Initialization;
import dev.lambic.runtime.PlatformEvent.Phase;
import dev.lambic.runtime.RuntimeTarget;
import dev.lambic.runtime.SessionCredentials;
import dev.lambic.runtime.SnapshotStore;
import dev.lambic.runtime.TelemetryRecords;
import dev.lambic.sandbox.SandboxException;
import java.time.Duration;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Makes the snapshots of published versions: initialises each in an environment of its own, and has
 * that written down when the runtime says that it is ready to.
 *
 * <p>One at a time. Safe for use by many threads, which wait here. Follows "Improving startup
 * performance with Lambda SnapStart".
 */
public final class Templates {
  private static final DateTimeFormatter STREAM_DATE =
      DateTimeFormatter.ofPattern("yyyy/MM/dd", Locale.ROOT);

  /** How long an initialisation may take at least, as on Lambda. */
  private static final Duration MIN_TIMEOUT = Duration.ofSeconds(130);

  private static final int QUEUE_SECONDS = 3600;
  private static final int GONE_SECONDS = 30;
  private static final int TRIALS = 2;
  private static final int TRIAL_SECONDS = 10;

  /** Java's generators keep what they took of the system's randomness for a tenth of a second. */
  private static final Duration STALE = Duration.ofMillis(250);

  private final EnvironmentStarter starter;
  private final SnapshotStore store;
  private final CredentialIssuer credentials;
  private final Logs logs;
  private final Ticker ticker;
  private final Ids ids;
  private final ReentrantLock turn = new ReentrantLock();

  /** Makes snapshots for a store. */
  public Templates(
      EnvironmentStarter starter,
      SnapshotStore store,
      CredentialIssuer credentials,
      Logs logs,
      Ticker ticker,
      Ids ids) {
    this.starter = starter;
    this.store = store;
    this.credentials = credentials;
    this.logs = logs;
    this.ticker = ticker;
    this.ids = ids;
  }

  /** What became of it. */
  public sealed interface Made {
    /** There is a snapshot. */
    record Done() implements Made {}

    /** There can be none, for a reason that is not the function's failure. */
    record Impossible(String why) implements Made {}

    /** There is none now, for a reason that may pass. */
    record Postponed(String why) implements Made {}

    /** The function could not be initialised. */
    record Failed(String errorType, String reason, boolean timedOut) implements Made {}
  }

  /** Makes a snapshot of the version, if there is none; waits for as long as that takes. */
  public Made make(FunctionImage image) {
    try {
      if (!turn.tryLock(QUEUE_SECONDS, TimeUnit.SECONDS)) {
        return new Made.Postponed("Too many snapshots are being made.");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return new Made.Postponed("The server is being stopped.");
    }
    try (Code.Lease lease = image.code().acquire()) {
      return make(image, lease);
    } catch (LambicException e) {
      return e.blame() == Blame.FUNCTION
          ? new Made.Failed(e.code(), String.valueOf(e.getMessage()), false)
          : new Made.Postponed(String.valueOf(e.getMessage()));
    } finally {
      turn.unlock();
    }
  }

  private Made make(FunctionImage image, Code.Lease lease) {
    RuntimeTarget target = starter.target(image.runtime());
    if (lease.container().isPresent()) {
      return new Made.Impossible("There are no snapshots of container images.");
    }
    String unique = ids.hex32();
    String date = LocalDate.ofInstant(ticker.instant(), ZoneOffset.UTC).format(STREAM_DATE);
    String stream = date + "/[" + image.version() + "]" + unique;
    SessionCredentials session = credentials.issue(image.account(), image.role(), image.name());
    try {
      String name = unique.substring(0, 12) + "-" + image.name();
      EnvironmentSpec spec =
          EnvironmentMaker.spec(
              image, target, name, lease, stream, session, Initialization.SNAP_START);
      return store.has(spec) ? new Made.Done() : make(image, spec, stream);
    } finally {
      credentials.revoke(session);
    }
  }

  private Made make(FunctionImage image, EnvironmentSpec spec, String stream) {
    EnvironmentLog log =
        new EnvironmentLog(
            logs.open(image, stream),
            ticker,
            image.logSettings(),
            new TelemetryRecords(
                image.name(), image.version(), stream, image.memoryMb(), spec.initialization()));
    LogLines lines = new LogLines(ticker, image, spec.initialization());
    log.platform(lines.initStart());
    TemplateListener heard = new TemplateListener(log);
    long begun = ticker.nanos();
    Environment environment = starter.template(spec, heard);
    try {
      Made made = await(image, heard);
      long nanos = ticker.nanos() - begun;
      Ending ending = made instanceof Made.Failed failed ? ending(failed) : Ending.success();
      if (made instanceof Made.Done) {
        made = write(spec, environment, log);
      }
      environment.drainOutput();
      log.platform(lines.initRuntimeDone(Phase.INIT, ending));
      log.platform(lines.snapshotReport(nanos, ending));
      return made;
    } finally {
      environment.kill();
      awaitEnd(environment);
    }
  }

  private static Ending ending(Made.Failed failed) {
    return failed.timedOut() ? Ending.timeout() : Ending.error(failed.errorType());
  }

  private static Made await(FunctionImage image, TemplateListener heard) {
    long seconds = Math.max(MIN_TIMEOUT.toSeconds(), image.timeoutSeconds());
    try {
      return heard.outcome().get(seconds, TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      return new Made.Failed(
          "Sandbox.Timedout", "Task timed out after " + seconds + ".00 seconds", true);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return new Made.Postponed("The server is being stopped.");
    } catch (ExecutionException e) {
      throw new IllegalStateException(e); // never completes so
    }
  }

  private Made write(EnvironmentSpec spec, Environment environment, EnvironmentLog log) {
    SnapshotStore.Writing writing = store.write(spec, environment);
    try {
      environment.checkpoint(writing);
      LockSupport.parkNanos(STALE.toNanos());
    } catch (LambicException e) {
      writing.finish();
      return without(e);
    }
    environment.drainOutput();
    // The copy has its name.
    environment.kill();
    awaitEnd(environment);
    return writing.finish()
        ? tryOut(spec, log)
        : new Made.Postponed("The snapshot could not be kept.");
  }

  private static Made without(LambicException e) {
    String why = String.valueOf(e.getMessage());
    boolean lasts =
        e.blame() == Blame.FUNCTION
            || (e instanceof SandboxException of && of.speaksOfTheProgram());
    return lasts ? new Made.Impossible(why) : new Made.Postponed(why);
  }

  /**
   * Whether a copy asks to go on, as not every runtime does whose connection was cut. What fails
   * once may have failed for the host's reasons.
   */
  private Made tryOut(EnvironmentSpec spec, EnvironmentLog log) {
    LambicException why = tryOnce(spec, log);
    for (int trial = 1; why != null && trial < TRIALS; trial++) {
      why = tryOnce(spec, log);
    }
    if (why == null) {
      return new Made.Done();
    }
    store.giveUp(spec, why);
    return without(why);
  }

  /** Returns what went wrong; null if all is well. */
  private @Nullable LambicException tryOnce(EnvironmentSpec spec, EnvironmentLog log) {
    TemplateListener heard = new TemplateListener(log);
    try {
      Environment copy = starter.trial(spec, heard);
      try {
        if (heard.outcome().get(TRIAL_SECONDS, TimeUnit.SECONDS) instanceof Made.Done) {
          return null;
        }
      } finally {
        copy.kill();
        awaitEnd(copy);
      }
    } catch (LambicException e) {
      return e;
    } catch (TimeoutException | ExecutionException e) {
      // It does not work; said below.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return new LambicException(
        "SnapshotFailure", Blame.PLATFORM, "Copies of the runtime do not go on.");
  }

  private static void awaitEnd(Environment environment) {
    try {
      environment.gone().get(GONE_SECONDS, TimeUnit.SECONDS);
    } catch (TimeoutException | ExecutionException e) {
      // Others tell of what does not end.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
