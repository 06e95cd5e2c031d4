package dev.lambic.runtime;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Something that Lambda itself has to tell about an environment, as the Telemetry API words it.
 *
 * <p>Follows "Lambda Telemetry API Event schema reference" of the Lambda Developer Guide. Durations
 * are in milliseconds.
 */
public sealed interface PlatformEvent {
  /** When an initialisation takes place. */
  enum Phase {
    /** Before the environment is used. */
    INIT,
    /** Within an invocation, for the one before it failed. */
    INVOKE
  }

  /** How something ended. */
  enum Status {
    /** As it should. */
    SUCCESS,
    /** By an error of the function or of an extension. */
    ERROR,
    /** By a failure of the environment itself. */
    FAILURE,
    /** It took too long. */
    TIMEOUT
  }

  /**
   * A part of an invocation.
   *
   * @param name such as {@code responseLatency}
   * @param startMillis wall-clock time
   */
  record Span(String name, long startMillis, double durationMs) {}

  /**
   * An initialisation begins.
   *
   * @param runtimeVersion such as {@code python:3.12.v1}; null if the function brings its own
   * @param runtimeVersionArn null as well then
   */
  record InitStart(Phase phase, @Nullable String runtimeVersion, @Nullable String runtimeVersionArn)
      implements PlatformEvent {}

  /**
   * The runtime asked for its first event, or will not do so.
   *
   * @param errorType null when there is none
   */
  record InitRuntimeDone(Phase phase, Status status, @Nullable String errorType)
      implements PlatformEvent {}

  /**
   * An initialisation is over.
   *
   * @param errorType null when there is none
   */
  record InitReport(Phase phase, Status status, @Nullable String errorType, double durationMs)
      implements PlatformEvent {}

  /** An environment is about to be restored from a snapshot. */
  record RestoreStart(String runtimeVersion, String runtimeVersionArn) implements PlatformEvent {}

  /**
   * A restored runtime asked for its first event, or will not do so.
   *
   * @param errorType null when there is none
   */
  record RestoreRuntimeDone(Status status, @Nullable String errorType) implements PlatformEvent {}

  /**
   * A restore is over.
   *
   * @param errorType null when there is none
   */
  record RestoreReport(Status status, @Nullable String errorType, double durationMs)
      implements PlatformEvent {}

  /**
   * How long a restore took, and how much of that is paid for.
   *
   * @param billedDurationMs what the runtime and the function did after it
   */
  record Restore(double durationMs, long billedDurationMs) {}

  /**
   * An invocation begins.
   *
   * @param functionArn under which it was invoked
   * @param traceId null when it is not traced
   * @param tenantId null when the function does not tell tenants apart
   */
  record Start(
      String requestId,
      String functionArn,
      String version,
      @Nullable String traceId,
      @Nullable String tenantId)
      implements PlatformEvent {}

  /**
   * The runtime is done with an invocation; extensions may not be.
   *
   * @param errorType null when there is none
   * @param producedBytes size of the answer
   * @param traceId null when it is not traced
   */
  record RuntimeDone(
      String requestId,
      Status status,
      @Nullable String errorType,
      double durationMs,
      long producedBytes,
      List<Span> spans,
      @Nullable String traceId)
      implements PlatformEvent {
    /** Copies the spans. */
    public RuntimeDone {
      spans = List.copyOf(spans);
    }
  }

  /**
   * An invocation is over.
   *
   * @param errorType null when there is none
   * @param initDurationMs of the initialisation that came before it; null if none did
   * @param restore of the restore that came before it; null if none did
   * @param traceId null when it is not traced
   * @param tenantId null when the function does not tell tenants apart
   */
  record Report(
      String requestId,
      Status status,
      @Nullable String errorType,
      double durationMs,
      long billedDurationMs,
      int memorySizeMb,
      long maxMemoryUsedMb,
      @Nullable Double initDurationMs,
      @Nullable Restore restore,
      List<Span> spans,
      @Nullable String traceId,
      @Nullable String tenantId)
      implements PlatformEvent {
    /** Copies the spans. */
    public Report {
      spans = List.copyOf(spans);
    }
  }

  /**
   * The runtime or the environment failed in an invocation; told by the Logs API only.
   *
   * @param text for a person
   */
  record Fault(String text) implements PlatformEvent {}

  /**
   * How far an extension came in the initialisation.
   *
   * @param state such as {@code Ready}
   * @param events what it registered for
   * @param errorType null when there is none
   */
  record Extension(String name, String state, List<String> events, @Nullable String errorType)
      implements PlatformEvent {
    /** Copies the events. */
    public Extension {
      events = List.copyOf(events);
    }
  }

  /**
   * An extension subscribed to telemetry.
   *
   * @param logsApi whether it did so by the Logs API
   * @param state such as {@code Subscribed}
   */
  record Subscription(boolean logsApi, String name, String state, List<String> types)
      implements PlatformEvent {
    /** Copies the types. */
    public Subscription {
      types = List.copyOf(types);
    }
  }

  /**
   * A subscriber did not get all that there was.
   *
   * @param reason for a person
   */
  record LogsDropped(String reason, long records, long bytes) implements PlatformEvent {}
}
