package dev.lambic.wire;

import dev.lambic.http.Headers;
import dev.lambic.http.HttpRequest;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a request says about its own AWS Signature Version 4, in a header or in the query.
 *
 * @param accessKeyId whose key signed
 * @param date the day of the scope, as {@code 20261123}
 * @param region of the scope
 * @param service signing name, of the scope
 * @param signedHeaders lower-case names, separated by semicolons
 * @param value 64 hexadecimal digits
 * @param time as {@code 20261123T132201Z}
 * @param expiresSeconds of a presigned address; -1 for a signature in a header
 * @param token session token, or null
 */
record Signature(
    String accessKeyId,
    String date,
    String region,
    String service,
    String signedHeaders,
    String value,
    String time,
    long expiresSeconds,
    @Nullable String token) {

  static final String ALGORITHM = "AWS4-HMAC-SHA256";
  static final String TERMINATOR = "aws4_request";
  private static final int MAX_REGION_CHARACTERS = 64;
  private static final long MAX_EXPIRES = 604_800;
  private static final DateTimeFormatter BASIC =
      DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'").withZone(ZoneOffset.UTC);

  /** Whether the signature travels in the query. */
  boolean presigned() {
    return expiresSeconds >= 0;
  }

  /** Day, region, service and terminator with slashes between. */
  String scope() {
    return date + '/' + region + '/' + service + '/' + TERMINATOR;
  }

  /** A point in time in the form that signatures use. */
  static String basicTime(Instant time) {
    return BASIC.format(time);
  }

  /**
   * The point in time.
   *
   * @throws DateTimeException if it is none
   */
  static Instant parseTime(String basic) {
    if (basic.length() != 16 || basic.charAt(8) != 'T' || basic.charAt(15) != 'Z') {
      throw new DateTimeException("not of the form yyyyMMddTHHmmssZ");
    }
    return LocalDateTime.of(
            digits(basic, 0, 4),
            digits(basic, 4, 6),
            digits(basic, 6, 8),
            digits(basic, 9, 11),
            digits(basic, 11, 13),
            digits(basic, 13, 15))
        .toInstant(ZoneOffset.UTC);
  }

  private static int digits(String text, int from, int to) {
    int value = 0;
    for (int i = from; i < to; i++) {
      char c = text.charAt(i);
      if (c < '0' || c > '9') {
        throw new DateTimeException("not a digit");
      }
      value = value * 10 + (c - '0');
    }
    return value;
  }

  /**
   * The signature of the request, or null if it has none of this version.
   *
   * @throws dev.lambic.kernel.LambicException if it has one that is incomplete
   */
  static @Nullable Signature of(HttpRequest request) {
    String authorization = request.headers().get("Authorization");
    if (authorization != null) {
      return authorization.startsWith(ALGORITHM) ? inHeader(authorization, request) : null;
    }
    if (request.target().contains("X-Amz-Algorithm=" + ALGORITHM)) {
      return inQuery(QueryString.parse(request.rawQuery()));
    }
    return null;
  }

  private static Signature inHeader(String authorization, HttpRequest request) {
    Headers headers = request.headers();
    String credential = null;
    String signedHeaders = null;
    String value = null;
    int at = ALGORITHM.length();
    while (at < authorization.length()) {
      int end = authorization.indexOf(',', at);
      if (end < 0) {
        end = authorization.length();
      }
      String part = authorization.substring(at, end).strip();
      if (!part.isEmpty()) {
        int equals = part.indexOf('=');
        if (equals < 0) {
          throw SignatureErrors.incomplete(
              "'"
                  + part
                  + "' not a valid key=value pair (missing equal-sign) in Authorization header: '"
                  + authorization
                  + "'.");
        }
        String text = part.substring(equals + 1);
        switch (part.substring(0, equals)) {
          case "Credential" -> credential = text;
          case "SignedHeaders" -> signedHeaders = text;
          case "Signature" -> value = text;
          default -> {
            // AWS takes no notice of further parts either.
          }
        }
      }
      at = end + 1;
    }
    String time = time(headers);
    if (credential == null || signedHeaders == null || value == null || time == null) {
      throw SignatureErrors.incomplete(
          (credential == null ? "Authorization header requires 'Credential' parameter. " : "")
              + (value == null ? "Authorization header requires 'Signature' parameter. " : "")
              + (signedHeaders == null
                  ? "Authorization header requires 'SignedHeaders' parameter. "
                  : "")
              + (time == null
                  ? "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date'"
                      + " header. "
                  : "")
              + "Authorization="
              + authorization);
    }
    return ofScope(credential, signedHeaders, value, time, -1, headers.get("X-Amz-Security-Token"));
  }

  private static boolean isRegion(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      boolean letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
      if (!letter && !(c >= '0' && c <= '9') && c != '-') {
        return false;
      }
    }
    return !text.isEmpty() && text.length() <= MAX_REGION_CHARACTERS;
  }

  private static @Nullable String time(Headers headers) {
    String basic = headers.get("X-Amz-Date");
    if (basic != null) {
      return basic;
    }
    String date = headers.get("Date");
    if (date == null) {
      return null;
    }
    try {
      return basicTime(TimeFormat.RFC_822.parse(date).truncatedTo(ChronoUnit.SECONDS));
    } catch (IllegalArgumentException e) {
      return null;
    }
  }

  private static Signature inQuery(QueryString query) {
    StringBuilder missing = new StringBuilder();
    String credential = need(query, "X-Amz-Credential", missing);
    String value = need(query, "X-Amz-Signature", missing);
    String signedHeaders = need(query, "X-Amz-SignedHeaders", missing);
    String time = need(query, "X-Amz-Date", missing);
    if (!missing.isEmpty()) {
      throw SignatureErrors.incomplete(missing.toString().strip());
    }
    String expires = query.get("X-Amz-Expires");
    long seconds;
    try {
      seconds = expires == null ? MAX_EXPIRES : Long.parseLong(expires);
    } catch (NumberFormatException e) {
      throw SignatureErrors.incomplete("X-Amz-Expires should be a number");
    }
    if (seconds < 0) {
      throw SignatureErrors.incomplete("X-Amz-Expires must be non-negative");
    }
    if (seconds > MAX_EXPIRES) {
      throw SignatureErrors.incomplete(
          "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires"
              + " must be less than 604800 seconds");
    }
    return ofScope(
        credential, signedHeaders, value, time, seconds, query.get("X-Amz-Security-Token"));
  }

  private static String need(QueryString query, String name, StringBuilder missing) {
    String value = query.get(name);
    if (value == null || value.isEmpty()) {
      missing.append("AWS query-string parameters must include '").append(name).append("'. ");
      return "";
    }
    return value;
  }

  private static Signature ofScope(
      String credential,
      String signedHeaders,
      String value,
      String time,
      long expiresSeconds,
      @Nullable String token) {
    List<String> parts = Arrays.asList(credential.split("/", -1));
    if (parts.size() != 5) {
      throw SignatureErrors.incomplete(
          "Credential must have exactly 5 slash-delimited elements, e.g."
              + " keyid/date/region/service/term, got '"
              + credential
              + "'");
    }
    if (!parts.get(4).equals(TERMINATOR)) {
      throw SignatureErrors.invalid(
          "Credential should be scoped with a valid terminator: 'aws4_request', not '"
              + parts.get(4)
              + "'.");
    }
    // Regions become parts of names, headers and environment variables.
    if (!isRegion(parts.get(2))) {
      throw SignatureErrors.invalid(
          "Credential should be scoped to a valid region, not '" + parts.get(2) + "'. ");
    }
    return new Signature(
        parts.get(0),
        parts.get(1),
        parts.get(2),
        parts.get(3),
        signedHeaders,
        value,
        time,
        expiresSeconds,
        token);
  }
}
