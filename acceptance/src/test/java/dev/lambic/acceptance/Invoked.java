package dev.lambic.acceptance;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.lambda.model.InvokeResponse;

/**
 * What a caller gets of an invocation.
 *
 * @param requestId id of the invocation
 * @param error value of the header for function errors; null if there is none
 * @param payload the answer as it came
 * @param log the log's tail; empty if it was not asked for
 */
record Invoked(
    String requestId,
    int status,
    String version,
    @Nullable String error,
    String payload,
    String log) {
  private static final ObjectMapper JSON = new ObjectMapper();

  static Invoked of(InvokeResponse response) {
    String log = response.logResult();
    return new Invoked(
        response.responseMetadata().requestId(),
        response.statusCode(),
        response.executedVersion(),
        response.functionError(),
        response.payload().asUtf8String(),
        log == null ? "" : new String(Base64.getDecoder().decode(log), StandardCharsets.UTF_8));
  }

  static JsonNode parse(String json) {
    try {
      return JSON.readTree(json);
    } catch (JsonProcessingException e) {
      throw new AssertionError("no JSON: " + json, e);
    }
  }

  static String quote(String text) {
    try {
      return JSON.writeValueAsString(text);
    } catch (JsonProcessingException e) {
      throw new AssertionError(e);
    }
  }

  /** A JSON list of texts. */
  static String quoteAll(List<String> texts) {
    return texts.stream().map(Invoked::quote).collect(Collectors.joining(",", "[", "]"));
  }

  JsonNode json() {
    return parse(payload);
  }

  /** The answer of a function that did not fail. */
  JsonNode success() {
    if (error != null) {
      throw new AssertionError("the function failed: " + this);
    }
    return json();
  }

  /** The error of a function that failed. */
  JsonNode failure() {
    if (error == null) {
      throw new AssertionError("the function did not fail: " + this);
    }
    return json();
  }

  String errorType() {
    return failure().path("errorType").asText();
  }

  String errorMessage() {
    return failure().path("errorMessage").asText();
  }
}
