package dev.lambic.invocation;

import java.util.Locale;

/**
 * The lines that Lambda itself writes into a function's log.
 *
 * <p>Follows "Viewing CloudWatch logs for Lambda functions" and "Understanding the Lambda execution
 * environment lifecycle" of the Lambda Developer Guide.
 */
final class LogLines {
  /** What follows the figures of an invocation that the function did not answer in time. */
  static final String TIMEOUT = "Status: timeout";

  private LogLines() {}

  static String start(String requestId, String version) {
    return "START RequestId: " + requestId + " Version: " + version;
  }

  static String end(String requestId) {
    return "END RequestId: " + requestId;
  }

  /** What follows the figures of an invocation or initialisation that ended with its runtime. */
  static String failed(String errorType) {
    return "Status: error\tError Type: " + errorType;
  }

  /**
   * The figures of an invocation.
   *
   * @param nanos its duration
   * @param initNanos duration of the initialisation that came before it; 0 if none did
   * @param peakBytes most memory that the environment has used
   * @param status how it ended, if not by the function's own answer; else empty
   */
  static String report(
      String requestId, long nanos, long initNanos, int memoryMb, long peakBytes, String status) {
    double millis = nanos / 1e6;
    double initMillis = initNanos / 1e6;
    long usedMb = Math.min((peakBytes + (1 << 20) - 1) >> 20, memoryMb);
    String line =
        String.format(
            Locale.ROOT,
            "REPORT RequestId: %s\tDuration: %.2f ms\tBilled Duration: %d ms\tMemory Size: %d MB\tMax Memory Used: %d MB\t",
            requestId,
            millis,
            (long) Math.ceil(millis + initMillis),
            memoryMb,
            usedMb);
    String init =
        initNanos > 0 ? String.format(Locale.ROOT, "Init Duration: %.2f ms\t", initMillis) : "";
    return line + init + status;
  }

  /** The figures of an initialisation that failed. */
  static String initReport(long nanos, String status) {
    return String.format(
        Locale.ROOT, "INIT_REPORT Init Duration: %.2f ms\tPhase: init\t%s", nanos / 1e6, status);
  }
}
