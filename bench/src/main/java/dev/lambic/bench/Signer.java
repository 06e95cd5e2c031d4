package dev.lambic.bench;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Locale;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Makes signed requests to Lambda as bytes that only need to be sent.
 *
 * <p>Follows "Signature Version 4 signing process" of the AWS General Reference, for paths and
 * queries without characters that need an escape, and with the parameters in order.
 *
 * @param host where to, as in the {@code Host} field
 * @param keyId access key id
 * @param secret of the key
 */
record Signer(String host, String keyId, String secret) {
  private static final String SCOPE_END = "/us-east-1/lambda/aws4_request";
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'", Locale.ROOT).withZone(ZoneOffset.UTC);

  /**
   * A request as of the time.
   *
   * @param target the path, with a query or without
   */
  byte[] request(String method, String target, byte[] body, Instant now) {
    return request(method, target, body, now, "", "");
  }

  /**
   * As the other, with one more field.
   *
   * @param field its name in lower case, which has to come after {@code x-amz-date} in the order of
   *     letters; empty for none
   */
  byte[] request(
      String method, String target, byte[] body, Instant now, String field, String value) {
    int mark = target.indexOf('?');
    String path = mark < 0 ? target : target.substring(0, mark);
    String query = mark < 0 ? "" : target.substring(mark + 1);
    String time = TIME.format(now);
    String day = time.substring(0, 8);
    String hash = HexFormat.of().formatHex(sha256(body));
    String fields =
        "content-type:application/json\nhost:"
            + host
            + "\nx-amz-content-sha256:"
            + hash
            + "\nx-amz-date:"
            + time
            + "\n"
            + (field.isEmpty() ? "" : field + ":" + value + "\n");
    String names =
        "content-type;host;x-amz-content-sha256;x-amz-date" + (field.isEmpty() ? "" : ";" + field);
    String canonical = String.join("\n", method, path, query, fields, names, hash);
    String toSign =
        String.join(
            "\n",
            "AWS4-HMAC-SHA256",
            time,
            day + SCOPE_END,
            HexFormat.of().formatHex(sha256(canonical.getBytes(StandardCharsets.UTF_8))));
    String head =
        method
            + " "
            + target
            + " HTTP/1.1\r\n"
            + fields.replace("\n", "\r\n").replaceAll("(?m)^([a-z0-9-]+):", "$1: ")
            + "authorization: AWS4-HMAC-SHA256 Credential="
            + keyId
            + "/"
            + day
            + SCOPE_END
            + ", SignedHeaders="
            + names
            + ", Signature="
            + HexFormat.of().formatHex(hmac(key(day), toSign))
            + "\r\ncontent-length: "
            + body.length
            + "\r\n\r\n";
    byte[] start = head.getBytes(StandardCharsets.ISO_8859_1);
    byte[] whole = Arrays.copyOf(start, start.length + body.length);
    System.arraycopy(body, 0, whole, start.length, body.length);
    return whole;
  }

  private byte[] key(String day) {
    byte[] key = ("AWS4" + secret).getBytes(StandardCharsets.UTF_8);
    for (String part : new String[] {day, "us-east-1", "lambda", "aws4_request"}) {
      key = hmac(key, part);
    }
    return key;
  }

  private static byte[] sha256(byte[] data) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(data);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  private static byte[] hmac(byte[] key, String text) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(key, "HmacSHA256"));
      return mac.doFinal(text.getBytes(StandardCharsets.UTF_8));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has HMAC-SHA256", e);
    }
  }
}
