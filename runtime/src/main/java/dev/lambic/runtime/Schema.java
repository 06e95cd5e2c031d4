package dev.lambic.runtime;

import org.jspecify.annotations.Nullable;

/** A version of the records that subscribers get. */
enum Schema {
  LOGS_2020("2020-08-15", true),
  LOGS_2021("2021-03-18", true),
  TELEMETRY_2022_07("2022-07-01", false),
  TELEMETRY_2022_12("2022-12-13", false),
  TELEMETRY_2025("2025-01-29", false);

  private final String version;
  private final boolean logsApi;

  Schema(String version, boolean logsApi) {
    this.version = version;
    this.logsApi = logsApi;
  }

  /** The schema of the API that has this version, or null. */
  static @Nullable Schema of(boolean logsApi, String version) {
    for (Schema schema : values()) {
      if (schema.logsApi == logsApi && schema.version.equals(version)) {
        return schema;
      }
    }
    return null;
  }

  /** Whether it belongs to the Logs API rather than to the Telemetry API. */
  boolean isLogsApi() {
    return logsApi;
  }

  /** Whether a log line that is a JSON object is passed on as one. */
  boolean hasObjects() {
    return this == TELEMETRY_2022_12 || this == TELEMETRY_2025;
  }
}
