package dev.lambic.runtime;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Puts events into the words of a schema.
 *
 * <p>Follows "Lambda Telemetry API Event schema reference" and, for the Logs API, "Log messages" of
 * the Lambda Developer Guide. Immutable.
 */
public final class TelemetryRecords {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSS'Z'", Locale.ROOT)
          .withZone(ZoneOffset.UTC);

  private final String functionName;
  private final String version;
  private final String instance;
  private final int memoryMb;
  private final Initialization initialization;

  /**
   * Records of one environment.
   *
   * @param instance a name of the environment that is shown
   * @param initialization why it is made
   */
  public TelemetryRecords(
      String functionName,
      String version,
      String instance,
      int memoryMb,
      Initialization initialization) {
    this.functionName = functionName;
    this.version = version;
    this.instance = instance;
    this.memoryMb = memoryMb;
    this.initialization = initialization;
  }

  /** The line that stands for the event in a log in JSON. */
  public String logLine(PlatformEvent event, Instant time) {
    boolean logs = event instanceof PlatformEvent.Subscription made && made.logsApi();
    Schema schema = logs ? Schema.LOGS_2021 : Schema.TELEMETRY_2025;
    return new String(event(event, time, schema).getFirst(), StandardCharsets.UTF_8);
  }

  /** A line of a log in JSON by which Lambic warns, in the form that runtimes' own lines have. */
  public static String warning(String text, Instant time) {
    byte[] line =
        Json.object(json -> {
          json.writeStringField("timestamp", TIME.format(time));
          json.writeStringField("level", "WARN");
          json.writeStringField("message", text);
        });
    return new String(line, StandardCharsets.UTF_8);
  }

  /**
   * The JSON of a log line.
   *
   * @param type {@code function} or {@code extension}
   * @param line without its line end
   */
  byte[] line(String type, Instant time, String line, Schema schema, boolean jsonFormat) {
    return Json.object(json -> {
      head(json, time, type);
      json.writeFieldName("record");
      if (jsonFormat && schema.hasObjects() && Json.isObject(line)) {
        json.writeRawValue(line);
      } else {
        json.writeString(schema.isLogsApi() ? line + "\n" : line);
      }
    });
  }

  /** The JSON of each event that stands for this one in the schema; none if nothing does. */
  List<byte[]> event(PlatformEvent event, Instant time, Schema schema) {
    boolean logs = schema.isLogsApi();
    return switch (event) {
      case PlatformEvent.InitStart start ->
          logs ? List.of() : one("platform.initStart", time, json -> initStart(json, start));
      case PlatformEvent.InitRuntimeDone done ->
          logs
              ? List.of()
              : one(
                  "platform.initRuntimeDone",
                  time,
                  json -> init(json, done.phase(), done.status(), done.errorType()));
      case PlatformEvent.InitReport report ->
          logs ? List.of() : one("platform.initReport", time, json -> initReport(json, report));
      case PlatformEvent.RestoreStart start ->
          logs
              ? List.of()
              : one(
                  "platform.restoreStart",
                  time,
                  json -> instance(json, start.runtimeVersion(), start.runtimeVersionArn()));
      case PlatformEvent.RestoreRuntimeDone done ->
          logs
              ? List.of()
              : one(
                  "platform.restoreRuntimeDone",
                  time,
                  json -> {
                    json.writeStringField("status", name(done.status()));
                    optional(json, "errorType", done.errorType());
                  });
      case PlatformEvent.RestoreReport report ->
          logs
              ? List.of()
              : one(
                  "platform.restoreReport",
                  time,
                  json -> {
                    json.writeStringField("status", name(report.status()));
                    optional(json, "errorType", report.errorType());
                    json.writeObjectFieldStart("metrics");
                    millis(json, "durationMs", report.durationMs());
                    json.writeEndObject();
                  });
      case PlatformEvent.Start start ->
          one(
              "platform.start",
              time,
              json -> {
                json.writeStringField("requestId", start.requestId());
                if (!logs) {
                  json.writeStringField("functionArn", start.functionArn());
                }
                json.writeStringField("version", start.version());
                optional(json, "tenantId", logs ? null : start.tenantId());
                sampled(json, logs ? null : start.traceId());
              });
      case PlatformEvent.RuntimeDone done ->
          schema == Schema.LOGS_2020
              ? List.of()
              : one("platform.runtimeDone", time, json -> runtimeDone(json, done, logs));
      case PlatformEvent.Report report ->
          logs
              ? List.of(
                  record(
                      "platform.end",
                      time,
                      json -> json.writeStringField("requestId", report.requestId())),
                  record("platform.report", time, json -> report(json, report, true)))
              : one("platform.report", time, json -> report(json, report, false));
      case PlatformEvent.Fault fault ->
          logs
              ? List.of(
                  Json.object(json -> {
                    head(json, time, "platform.fault");
                    json.writeStringField("record", fault.text());
                  }))
              : List.of();
      case PlatformEvent.Extension extension ->
          one(
              "platform.extension",
              time,
              json -> {
                json.writeStringField("name", extension.name());
                json.writeStringField("state", extension.state());
                strings(json, "events", extension.events());
                optional(json, "errorType", extension.errorType());
              });
      case PlatformEvent.Subscription subscription ->
          one(
              logs ? "platform.logsSubscription" : "platform.telemetrySubscription",
              time,
              json -> {
                json.writeStringField("name", subscription.name());
                json.writeStringField("state", subscription.state());
                strings(json, "types", subscription.types());
              });
      case PlatformEvent.LogsDropped dropped ->
          one(
              "platform.logsDropped",
              time,
              json -> {
                json.writeStringField("reason", dropped.reason());
                json.writeNumberField("droppedRecords", dropped.records());
                json.writeNumberField("droppedBytes", dropped.bytes());
              });
    };
  }

  private static List<byte[]> one(String type, Instant time, Json.Members record) {
    return List.of(record(type, time, record));
  }

  private static byte[] record(String type, Instant time, Json.Members record) {
    return Json.object(json -> {
      head(json, time, type);
      json.writeObjectFieldStart("record");
      record.write(json);
      json.writeEndObject();
    });
  }

  private static void head(JsonGenerator json, Instant time, String type) throws IOException {
    json.writeStringField("time", TIME.format(time));
    json.writeStringField("type", type);
  }

  private void initStart(JsonGenerator json, PlatformEvent.InitStart start) throws IOException {
    json.writeStringField("initializationType", initialization.awsName());
    json.writeStringField("phase", name(start.phase()));
    instance(json, start.runtimeVersion(), start.runtimeVersionArn());
  }

  private void instance(
      JsonGenerator json, @Nullable String runtimeVersion, @Nullable String runtimeVersionArn)
      throws IOException {
    optional(json, "runtimeVersion", runtimeVersion);
    optional(json, "runtimeVersionArn", runtimeVersionArn);
    json.writeStringField("functionName", functionName);
    json.writeStringField("functionVersion", version);
    json.writeStringField("instanceId", instance);
    json.writeNumberField("instanceMaxMemory", (long) memoryMb << 20);
  }

  private void init(
      JsonGenerator json,
      PlatformEvent.Phase phase,
      PlatformEvent.Status status,
      @Nullable String errorType)
      throws IOException {
    json.writeStringField("initializationType", initialization.awsName());
    json.writeStringField("phase", name(phase));
    json.writeStringField("status", name(status));
    optional(json, "errorType", errorType);
  }

  private void initReport(JsonGenerator json, PlatformEvent.InitReport report) throws IOException {
    init(json, report.phase(), report.status(), report.errorType());
    json.writeObjectFieldStart("metrics");
    millis(json, "durationMs", report.durationMs());
    json.writeEndObject();
  }

  private static void runtimeDone(JsonGenerator json, PlatformEvent.RuntimeDone done, boolean logs)
      throws IOException {
    json.writeStringField("requestId", done.requestId());
    if (logs) {
      // The Logs API knows of failures only.
      boolean error = done.status() == PlatformEvent.Status.ERROR;
      json.writeStringField("status", error ? "failure" : name(done.status()));
      return;
    }
    json.writeStringField("status", name(done.status()));
    optional(json, "errorType", done.errorType());
    json.writeObjectFieldStart("metrics");
    millis(json, "durationMs", done.durationMs());
    json.writeNumberField("producedBytes", done.producedBytes());
    json.writeEndObject();
    spans(json, done.spans());
    sampled(json, done.traceId());
  }

  private static void report(JsonGenerator json, PlatformEvent.Report report, boolean logs)
      throws IOException {
    json.writeStringField("requestId", report.requestId());
    if (!logs) {
      optional(json, "tenantId", report.tenantId());
      json.writeStringField("status", name(report.status()));
      optional(json, "errorType", report.errorType());
    }
    json.writeObjectFieldStart("metrics");
    millis(json, "durationMs", report.durationMs());
    json.writeNumberField("billedDurationMs", report.billedDurationMs());
    json.writeNumberField("memorySizeMB", report.memorySizeMb());
    json.writeNumberField("maxMemoryUsedMB", report.maxMemoryUsedMb());
    Double initMs = report.initDurationMs();
    if (initMs != null) {
      millis(json, "initDurationMs", initMs);
    }
    PlatformEvent.Restore restore = report.restore();
    if (restore != null) {
      millis(json, "restoreDurationMs", restore.durationMs());
      json.writeNumberField("billedRestoreDurationMs", restore.billedDurationMs());
    }
    json.writeEndObject();
    if (!logs) {
      spans(json, report.spans());
      sampled(json, report.traceId());
    }
  }

  private static void spans(JsonGenerator json, List<PlatformEvent.Span> spans) throws IOException {
    if (spans.isEmpty()) {
      return;
    }
    json.writeArrayFieldStart("spans");
    for (PlatformEvent.Span span : spans) {
      json.writeStartObject();
      json.writeStringField("name", span.name());
      json.writeStringField("start", TIME.format(Instant.ofEpochMilli(span.startMillis())));
      millis(json, "durationMs", span.durationMs());
      json.writeEndObject();
    }
    json.writeEndArray();
  }

  /** Events tell of traces that somebody records, as AWS's own do. */
  private static void sampled(JsonGenerator json, @Nullable String traceId) throws IOException {
    if (traceId != null && traceId.contains("Sampled=1")) {
      tracing(json, traceId);
    }
  }

  static void tracing(JsonGenerator json, @Nullable String traceId) throws IOException {
    if (traceId != null) {
      json.writeObjectFieldStart("tracing");
      json.writeStringField("type", "X-Amzn-Trace-Id");
      json.writeStringField("value", traceId);
      json.writeEndObject();
    }
  }

  private static void strings(JsonGenerator json, String name, List<String> values)
      throws IOException {
    json.writeArrayFieldStart(name);
    for (String value : values) {
      json.writeString(value);
    }
    json.writeEndArray();
  }

  private static void optional(JsonGenerator json, String name, @Nullable String value)
      throws IOException {
    if (value != null) {
      json.writeStringField(name, value);
    }
  }

  private static void millis(JsonGenerator json, String name, double value) throws IOException {
    json.writeNumberField(name, BigDecimal.valueOf(value).setScale(3, RoundingMode.HALF_UP));
  }

  private static String name(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }
}
