package dev.lambic.server;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import dev.lambic.functions.FunctionVersion;
import dev.lambic.invocation.EventHandler.Condition;
import dev.lambic.invocation.EventHandler.End;
import dev.lambic.invocation.Outcome;
import dev.lambic.invocation.QueuedEvent;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;

/**
 * What a destination is told of an asynchronous invocation, in the form that "Capturing records of
 * Lambda asynchronous invocations" of the Lambda Developer Guide gives.
 */
final class InvocationRecord {
  private static final JsonFactory JSON = new JsonFactory();
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);

  private InvocationRecord() {}

  /** The record as JSON. */
  static byte[] of(QueuedEvent event, End end, Instant now) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(event.payload().length + 1024);
    try (JsonGenerator json = JSON.createGenerator(bytes)) {
      json.writeStartObject();
      json.writeStringField("version", "1.0");
      json.writeStringField("timestamp", TIME.format(now));
      json.writeObjectFieldStart("requestContext");
      json.writeStringField("requestId", event.requestId());
      json.writeStringField(
          "functionArn",
          event.target().equals(event.lane())
              ? event.lane() + ":" + FunctionVersion.LATEST
              : event.target());
      json.writeStringField("condition", condition(end.condition()));
      json.writeNumberField("approximateInvokeCount", end.attempts());
      json.writeEndObject();
      writeJson(json, "requestPayload", event.payload());
      Outcome outcome = end.outcome();
      if (outcome != null) {
        json.writeObjectFieldStart("responseContext");
        json.writeNumberField("statusCode", 200);
        json.writeStringField(
            "executedVersion",
            event.version().isEmpty() ? FunctionVersion.LATEST : event.version());
        if (outcome.functionError() != null) {
          json.writeStringField("functionError", outcome.functionError());
        }
        json.writeEndObject();
        writeJson(json, "responsePayload", outcome.payload());
      }
      json.writeEndObject();
    } catch (IOException e) {
      throw new IllegalStateException("memory can always be written", e);
    }
    return bytes.toByteArray();
  }

  private static String condition(Condition condition) {
    return switch (condition) {
      case SUCCESS -> "Success";
      case AGE_EXCEEDED -> "EventAgeExceeded";
      case RETRIES_EXHAUSTED, CLOSED -> "RetriesExhausted";
    };
  }

  /** As it is, if it is JSON; a runtime may give anything, which becomes a text then. */
  private static void writeJson(JsonGenerator json, String name, byte[] content)
      throws IOException {
    json.writeFieldName(name);
    // Decoded first: what is checked must be what is written, whatever encoding it looks like.
    String text = new String(content, UTF_8);
    if (text.isEmpty()) {
      json.writeNull();
    } else if (isJson(text)) {
      json.writeRawValue(text);
    } else {
      json.writeString(text);
    }
  }

  private static boolean isJson(String content) {
    try (JsonParser parser = JSON.createParser(content)) {
      parser.nextToken();
      parser.skipChildren();
      return parser.currentToken() != null && parser.nextToken() == null;
    } catch (IOException e) {
      return false;
    }
  }
}
