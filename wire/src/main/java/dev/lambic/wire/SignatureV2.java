package dev.lambic.wire;

import dev.lambic.http.Headers;
import dev.lambic.http.HttpRequest;
import dev.lambic.kernel.Blame;
import dev.lambic.kernel.LambicException;
import java.nio.charset.StandardCharsets;
import java.security.InvalidKeyException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.TreeMap;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * The older signature of S3, in the query of a presigned address: boto3 makes such links unless
 * told otherwise.
 *
 * <p>Follows "Signing and authenticating REST requests (AWS signature version 2)" of the S3 API
 * Reference.
 *
 * @param expires seconds since 1970
 */
record SignatureV2(String accessKeyId, String value, long expires, @Nullable String token) {
  /** Parameters that say what is asked for, and are signed for that. */
  private static final List<String> SUBRESOURCES =
      List.of(
          "acl",
          "cors",
          "delete",
          "lifecycle",
          "location",
          "logging",
          "notification",
          "partNumber",
          "policy",
          "requestPayment",
          "response-cache-control",
          "response-content-disposition",
          "response-content-encoding",
          "response-content-language",
          "response-content-type",
          "response-expires",
          "restore",
          "tagging",
          "torrent",
          "uploadId",
          "uploads",
          "versionId",
          "versioning",
          "versions",
          "website");

  /** The signature of the request, or null if it has none of this version. */
  static @Nullable SignatureV2 of(HttpRequest request) {
    if (!request.target().contains("AWSAccessKeyId=")) {
      return null;
    }
    QueryString query = QueryString.parse(request.rawQuery());
    String id = query.get("AWSAccessKeyId");
    String value = query.get("Signature");
    String expires = query.get("Expires");
    if (id == null || value == null || expires == null) {
      throw denied(
          "Query-string authentication requires the Signature, Expires and AWSAccessKeyId"
              + " parameters");
    }
    try {
      return new SignatureV2(id, value, Long.parseLong(expires), query.get("x-amz-security-token"));
    } catch (NumberFormatException e) {
      throw denied("Invalid date (should be seconds since epoch): " + expires);
    }
  }

  /**
   * Returns if the key has made the signature and it still holds.
   *
   * @param bucket that the host names, if it names one
   * @throws LambicException if not
   */
  void verify(AccessKey key, HttpRequest request, @Nullable String bucket, Instant now) {
    if (!Objects.requireNonNullElse(key.sessionToken(), "")
        .equals(Objects.requireNonNullElse(token, ""))) {
      throw SignatureErrors.unknownKey();
    }
    if (key.expires() != null && !now.isBefore(key.expires())) {
      throw SignatureErrors.expiredToken();
    }
    if (now.getEpochSecond() > expires) {
      throw denied("Request has expired");
    }
    byte[] wanted = sign(key.secret(), text(request, bucket));
    if (!MessageDigest.isEqual(wanted, value.getBytes(StandardCharsets.ISO_8859_1))) {
      throw SignatureErrors.chunk();
    }
  }

  private String text(HttpRequest request, @Nullable String bucket) {
    Headers headers = request.headers();
    QueryString query = QueryString.parse(request.rawQuery());
    StringBuilder text = new StringBuilder();
    text.append(request.method()).append('\n');
    text.append(Objects.requireNonNullElse(headers.get("Content-MD5"), "")).append('\n');
    text.append(Objects.requireNonNullElse(headers.get("Content-Type"), "")).append('\n');
    text.append(expires).append('\n');
    TreeMap<String, String> amazon = new TreeMap<>();
    headers.forEach((name, line) -> {
      String lower = name.toLowerCase(Locale.ROOT);
      if (lower.startsWith("x-amz-")) {
        amazon.merge(lower, line.strip(), (a, b) -> a + "," + b);
      }
    });
    for (String name : query.names()) {
      if (name.toLowerCase(Locale.ROOT).startsWith("x-amz-")) {
        amazon.putIfAbsent(
            name.toLowerCase(Locale.ROOT), Objects.requireNonNullElse(query.get(name), ""));
      }
    }
    amazon.forEach((name, line) -> text.append(name).append(':').append(line).append('\n'));
    if (bucket != null) {
      text.append('/').append(bucket);
    }
    text.append(request.rawPath());
    List<String> asked = new ArrayList<>();
    for (String name : SUBRESOURCES) {
      String given = query.get(name);
      if (given != null) {
        asked.add(given.isEmpty() ? name : name + "=" + given);
      }
    }
    if (!asked.isEmpty()) {
      text.append('?').append(String.join("&", asked));
    }
    return text.toString();
  }

  private static byte[] sign(String secret, String text) {
    try {
      Mac mac = Mac.getInstance("HmacSHA1");
      mac.init(new SecretKeySpec(secret.getBytes(StandardCharsets.UTF_8), "HmacSHA1"));
      return Base64.getEncoder().encode(mac.doFinal(text.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException | InvalidKeyException e) {
      throw new IllegalStateException("every JDK has HmacSHA1", e);
    }
  }

  private static LambicException denied(String message) {
    return new LambicException("AccessDeniedException", Blame.CALLER, message);
  }
}
