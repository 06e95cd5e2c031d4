package dev.lambic.invocation;

import dev.lambic.invocation.PlatformLine.Level;
import dev.lambic.kernel.Ticker;
import dev.lambic.runtime.Initialization;
import dev.lambic.runtime.Parts;
import dev.lambic.runtime.PlatformEvent;
import dev.lambic.runtime.PlatformEvent.Phase;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The lines that Lambda itself writes into a function's log.
 *
 * <p>Follows "Viewing CloudWatch logs for Lambda functions", "Understanding the Lambda execution
 * environment lifecycle" and "Lambda Telemetry API Event schema reference" of the Lambda Developer
 * Guide.
 */
final class LogLines {
  /** A language, perhaps with a dot after it, and its version. */
  private static final Pattern RUNTIME = Pattern.compile("([a-z]+?)\\.?((?:al)?\\d.*?)(?:\\.x)?");

  private final Ticker ticker;
  private final FunctionImage image;
  private final Initialization initialization;

  /** When a restored environment began to run, on the monotonic clock; 0 if it is none. */
  private volatile long running;

  /** How long its runtime took from then on, in nanoseconds. */
  private volatile long afterRestore;

  LogLines(Ticker ticker, FunctionImage image, Initialization initialization) {
    this.ticker = ticker;
    this.image = image;
    this.initialization = initialization;
  }

  /** An environment is being made; image functions have no version of a runtime. */
  PlatformLine initStart() {
    String arn = image.runtimeVersionArn();
    if (arn.isEmpty()) {
      return new PlatformLine(
          null, new PlatformEvent.InitStart(Phase.INIT, null, null), Level.DEBUG);
    }
    String version = version(image.runtime());
    return new PlatformLine(
        "INIT_START Runtime Version: " + version + "\tRuntime Version ARN: " + arn,
        new PlatformEvent.InitStart(Phase.INIT, version, arn),
        Level.INFO);
  }

  /** Processes go on that were restored from a snapshot, from that time on; 0 if none were. */
  void restored(long nanos) {
    running = nanos;
  }

  /** An environment is about to be restored from a snapshot. */
  PlatformLine restoreStart() {
    String version = version(image.runtime());
    String arn = image.runtimeVersionArn();
    return new PlatformLine(
        "RESTORE_START Runtime Version: " + version + "\tRuntime Version ARN: " + arn,
        new PlatformEvent.RestoreStart(version, arn),
        Level.INFO);
  }

  PlatformLine restoreRuntimeDone(Ending ending) {
    return new PlatformLine(
        null,
        new PlatformEvent.RestoreRuntimeDone(ending.status(), ending.errorType()),
        ending.isSuccess() ? Level.DEBUG : Level.WARN);
  }

  /** The figures of a restore. */
  PlatformLine restoreReport(long nanos, Ending ending) {
    long begun = running;
    afterRestore = begun == 0 ? 0 : Math.max(0, ticker.nanos() - begun);
    String text =
        String.format(Locale.ROOT, "RESTORE_REPORT Restore Duration: %.2f ms", nanos / 1e6);
    String status = ending.isSuccess() ? "" : "\t" + ending.text();
    return new PlatformLine(
        text + status,
        new PlatformEvent.RestoreReport(ending.status(), ending.errorType(), nanos / 1e6),
        ending.isSuccess() ? Level.INFO : Level.WARN);
  }

  /** The figures of an initialisation of which a snapshot is made; always told. */
  PlatformLine snapshotReport(long nanos, Ending ending) {
    PlatformLine report = initReport(Phase.INIT, nanos, ending);
    String text = String.format(Locale.ROOT, "INIT_REPORT Init Duration: %.2f ms", nanos / 1e6);
    return ending.isSuccess() ? new PlatformLine(text, report.event(), Level.INFO) : report;
  }

  /** Such as {@code python:3.12.v1} for {@code python3.12}. */
  private static String version(String runtime) {
    Matcher parts = RUNTIME.matcher(runtime);
    return parts.matches() ? parts.group(1) + ":" + parts.group(2) + ".v1" : runtime;
  }

  /** The runtime is started anew, within an invocation; not told in plain text. */
  PlatformLine initStartsAnew() {
    String arn = image.runtimeVersionArn();
    boolean own = arn.isEmpty();
    return new PlatformLine(
        null,
        new PlatformEvent.InitStart(
            Phase.INVOKE, own ? null : version(image.runtime()), own ? null : arn),
        own ? Level.DEBUG : Level.INFO);
  }

  PlatformLine initRuntimeDone(Phase phase, Ending ending) {
    return new PlatformLine(
        null,
        new PlatformEvent.InitRuntimeDone(phase, ending.status(), ending.errorType()),
        ending.isSuccess() ? Level.DEBUG : Level.WARN);
  }

  /** The figures of an initialisation; in plain text only one that failed has them. */
  PlatformLine initReport(Phase phase, long nanos, Ending ending) {
    String text =
        String.format(
            Locale.ROOT,
            "INIT_REPORT Init Duration: %.2f ms\tPhase: %s\t%s",
            nanos / 1e6,
            phase.name().toLowerCase(Locale.ROOT),
            ending.text());
    return new PlatformLine(
        ending.isSuccess() ? null : text,
        new PlatformEvent.InitReport(phase, ending.status(), ending.errorType(), nanos / 1e6),
        ending.isSuccess() ? Level.DEBUG : Level.WARN);
  }

  PlatformLine start(Task of) {
    return new PlatformLine(
        "START RequestId: " + of.id() + " Version: " + image.version(),
        new PlatformEvent.Start(
            of.id(),
            of.invocation.invokedArn(),
            image.version(),
            of.invocation.traceId(),
            of.invocation.tenantId()),
        Level.INFO);
  }

  /** The time of an invocation is over. */
  PlatformLine timedOut(String requestId) {
    String time = ticker.instant().truncatedTo(ChronoUnit.MILLIS).toString();
    String message = InvocationErrors.timedOut(image.timeoutSeconds());
    return PlatformLine.text(time + " " + requestId + " " + message);
  }

  /** A runtime's process ended. */
  static PlatformLine exited(String requestId, String how, String errorType) {
    return PlatformLine.text("RequestId: " + requestId + " Error: " + how + "\n" + errorType);
  }

  /** How far an extension came in the initialisation. */
  static PlatformLine extension(PlatformEvent.Extension state) {
    String error = state.errorType() == null ? "" : "\tError Type: " + state.errorType();
    return new PlatformLine(
        "EXTENSION\tName: "
            + state.name()
            + "\tState: "
            + state.state()
            + "\tEvents: ["
            + String.join(",", state.events())
            + "]"
            + error,
        state,
        Level.INFO);
  }

  /** An extension subscribed to telemetry. */
  static PlatformLine subscription(PlatformEvent.Subscription made) {
    String types =
        made.types().stream()
            .map(type -> type.substring(0, 1).toUpperCase(Locale.ROOT) + type.substring(1))
            .collect(Collectors.joining(", ", "[", "]"));
    return new PlatformLine(
        (made.logsApi() ? "LOGS" : "TELEMETRY")
            + "\tName: "
            + made.name()
            + "\tState: "
            + made.state()
            + "\tTypes: "
            + types,
        made,
        Level.INFO);
  }

  /** The runtime is done with an invocation. */
  PlatformLine end(Task of, Parts parts) {
    return new PlatformLine(
        "END RequestId: " + of.id(),
        new PlatformEvent.RuntimeDone(
            of.id(),
            of.ending.status(),
            of.ending.errorType(),
            (of.ended - of.began) / 1e6,
            parts.producedBytes(),
            parts.runtime(),
            of.invocation.traceId()),
        of.ending.isSuccess() ? Level.DEBUG : Level.WARN);
  }

  /** Milliseconds with two digits of their fraction, half and more rounded up. */
  private static StringBuilder hundredths(StringBuilder to, long nanos) {
    long hundredths = (nanos + 5_000) / 10_000;
    long fraction = hundredths % 100;
    return to.append(hundredths / 100).append(fraction < 10 ? ".0" : ".").append(fraction);
  }

  /**
   * The figures of an invocation.
   *
   * @param peakBytes most memory that the environment has used
   */
  PlatformLine report(Task of, long peakBytes, Parts parts) {
    int memoryMb = image.memoryMb();
    double millis = (of.ended - of.began) / 1e6;
    double initMillis = of.initNanos / 1e6;
    // An environment that is made ahead is paid for as such.
    boolean payInit = initialization != Initialization.PROVISIONED;
    boolean restored = running != 0 && of.initNanos > 0;
    long billedRestore = (long) Math.ceil(afterRestore / 1e6);
    double paid = restored ? billedRestore : payInit ? initMillis : 0;
    long billed = (long) Math.ceil(millis + paid);
    long usedMb = Math.min((peakBytes + (1 << 20) - 1) >> 20, memoryMb);
    StringBuilder line = new StringBuilder(200).append("REPORT RequestId: ").append(of.id());
    hundredths(line.append("\tDuration: "), of.ended - of.began);
    line.append(" ms\tBilled Duration: ").append(billed);
    line.append(" ms\tMemory Size: ").append(memoryMb);
    line.append(" MB\tMax Memory Used: ").append(usedMb).append(" MB\t");
    if (restored) {
      hundredths(line.append("Restore Duration: "), of.initNanos);
      line.append(" ms\tBilled Restore Duration: ").append(billedRestore).append(" ms\t");
    } else if (of.initNanos > 0) {
      hundredths(line.append("Init Duration: "), of.initNanos).append(" ms\t");
    }
    return new PlatformLine(
        line.append(of.ending.text()).toString(),
        new PlatformEvent.Report(
            of.id(),
            of.ending.status(),
            of.ending.errorType(),
            millis,
            billed,
            memoryMb,
            usedMb,
            of.initNanos > 0 && !restored ? initMillis : null,
            restored ? new PlatformEvent.Restore(initMillis, billedRestore) : null,
            parts.extensions(),
            of.invocation.traceId(),
            of.invocation.tenantId()),
        of.ending.isSuccess() ? Level.INFO : Level.WARN);
  }
}
