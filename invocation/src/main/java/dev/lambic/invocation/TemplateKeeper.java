package dev.lambic.invocation;

import dev.lambic.kernel.Ids;
import dev.lambic.kernel.LambicException;
import dev.lambic.kernel.Ticker;
import dev.lambic.runtime.EnvironmentSpec;
import dev.lambic.runtime.Initialization;
import dev.lambic.runtime.LiveTemplate;
import dev.lambic.runtime.PlatformEvent.Phase;
import dev.lambic.runtime.SessionCredentials;
import dev.lambic.runtime.TelemetryRecords;
import java.time.Duration;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Has live templates made of published versions that have snapshots: initialises each once more,
 * with a log stream of its own, and keeps the process.
 *
 * <p>One at a time. Safe for use by many threads, which wait here.
 */
public final class TemplateKeeper {
  private static final DateTimeFormatter STREAM_DATE =
      DateTimeFormatter.ofPattern("yyyy/MM/dd", Locale.ROOT);

  /** How long an initialisation may take at least, as on Lambda. */
  private static final Duration MIN_TIMEOUT = Duration.ofSeconds(130);

  private static final int QUEUE_SECONDS = 60;

  private final EnvironmentStarter starter;
  private final CredentialIssuer credentials;
  private final Logs logs;
  private final Ticker ticker;
  private final Ids ids;
  private final ReentrantLock turn = new ReentrantLock();

  public TemplateKeeper(
      EnvironmentStarter starter, CredentialIssuer credentials, Logs logs, Ticker ticker, Ids ids) {
    this.starter = starter;
    this.credentials = credentials;
    this.logs = logs;
    this.ticker = ticker;
    this.ids = ids;
  }

  /**
   * Makes a live template of the version, if there should be one and is none; waits for as long as
   * that takes. Nothing is lost where there cannot be one.
   *
   * @return whether one was made
   */
  public boolean keep(FunctionImage image) {
    try {
      if (!turn.tryLock(QUEUE_SECONDS, TimeUnit.SECONDS)) {
        return false;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
    try {
      return keepInTurn(image);
    } catch (LambicException e) {
      // Its environments are restored, or started, as without.
      return false;
    } finally {
      turn.unlock();
    }
  }

  private boolean keepInTurn(FunctionImage image) {
    Code.Lease lease = image.code().acquire();
    boolean held = false;
    try {
      if (lease.container().isPresent()) {
        return false;
      }
      Optional<LiveTemplate> made = keep(image, lease);
      if (made.isPresent()) {
        // Of the code and layers, which are mounted in it and in what is forked from it.
        var _ = made.get().gone().thenRun(lease::close);
        held = true;
      }
      return made.isPresent();
    } finally {
      if (!held) {
        lease.close();
      }
    }
  }

  private Optional<LiveTemplate> keep(FunctionImage image, Code.Lease lease) {
    String unique = ids.hex32();
    String date = LocalDate.ofInstant(ticker.instant(), ZoneOffset.UTC).format(STREAM_DATE);
    String stream = date + "/[" + image.version() + "]" + unique;
    SessionCredentials session = credentials.issue(image.account(), image.role(), image.name());
    try {
      EnvironmentSpec spec =
          EnvironmentMaker.spec(
              image,
              starter.target(image.runtime()),
              unique.substring(0, 12) + "-" + image.name(),
              lease,
              stream,
              session,
              Initialization.SNAP_START);
      return keep(image, spec, stream);
    } finally {
      // What is forked from it has its own.
      credentials.revoke(session);
    }
  }

  private Optional<LiveTemplate> keep(FunctionImage image, EnvironmentSpec spec, String stream) {
    EnvironmentLog log =
        new EnvironmentLog(
            logs.open(image, stream),
            ticker,
            image.logSettings(),
            new TelemetryRecords(
                image.name(), image.version(), stream, image.memoryMb(), spec.initialization()));
    LogLines lines = new LogLines(ticker, image, spec.initialization());
    TemplateListener heard =
        new TemplateListener(log) {
          @Override
          public void starts(boolean restored) {
            log.platform(lines.initStart());
          }

          @Override
          public void exited(int code, int signal) {
            if (code == LiveTemplate.UNFIT) {
              // It was initialised all the same.
              outcome().complete(new Templates.Made.Impossible("It cannot be forked."));
            }
            super.exited(code, signal);
          }
        };
    long begun = ticker.nanos();
    LiveTemplate template = starter.liveTemplate(spec, heard).orElse(null);
    if (template == null) {
      return Optional.empty();
    }
    boolean kept = false;
    try {
      Templates.Made made = await(image, heard);
      long nanos = ticker.nanos() - begun;
      template.drainOutput();
      Ending ending =
          made instanceof Templates.Made.Failed failed
              ? failed.timedOut() ? Ending.timeout() : Ending.error(failed.errorType())
              : Ending.success();
      kept = made instanceof Templates.Made.Done && template.keep();
      log.platform(lines.initRuntimeDone(Phase.INIT, ending));
      log.platform(lines.snapshotReport(nanos, ending));
      return kept ? Optional.of(template) : Optional.empty();
    } finally {
      if (!kept) {
        template.kill();
        awaitEnd(template);
      }
    }
  }

  private static Templates.Made await(FunctionImage image, TemplateListener heard) {
    long seconds = Math.max(MIN_TIMEOUT.toSeconds(), image.timeoutSeconds());
    try {
      return heard.outcome().get(seconds, TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      return new Templates.Made.Failed(
          "Sandbox.Timedout", "Task timed out after " + seconds + ".00 seconds", true);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return new Templates.Made.Impossible("The server is being stopped.");
    } catch (ExecutionException e) {
      throw new IllegalStateException(e); // never completes so
    }
  }

  /** The code is given back then. */
  private static void awaitEnd(LiveTemplate template) {
    try {
      template.gone().get(30, TimeUnit.SECONDS);
    } catch (TimeoutException | ExecutionException e) {
      // Others tell of what does not end.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
