package dev.lambic.wire;

import dev.lambic.http.Headers;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import org.jspecify.annotations.Nullable;

/**
 * The body encoding {@code aws-chunked}: pieces with their length and, where they are signed one by
 * one, a signature each that continues the one before.
 */
final class AwsChunked {
  private static final String EMPTY_HASH = SigningKeys.hash(new byte[0]);
  private static final String SIGNATURE = ";chunk-signature=";
  private static final String TRAILER_SIGNATURE = "x-amz-trailer-signature";

  /** What the pieces were signed with. */
  record Signer(SigningKeys keys, AccessKey key, Signature seed) {}

  private final byte[] encoded;
  private final @Nullable Signer signer;
  private String previous;
  private int at;

  private AwsChunked(byte[] encoded, @Nullable Signer signer) {
    this.encoded = encoded;
    this.signer = signer;
    this.previous = signer == null ? "" : signer.seed().value();
  }

  /** Whether the headers announce this encoding. */
  static boolean announced(Headers headers) {
    String hash = headers.get("x-amz-content-sha256");
    if (hash != null && hash.startsWith("STREAMING-")) {
      return true;
    }
    for (String encoding : headers.all("Content-Encoding")) {
      if (encoding.contains("aws-chunked")) {
        return true;
      }
    }
    return false;
  }

  /**
   * The body without its encoding.
   *
   * @param signer checks the pieces' signatures; null where there are none, or no key to check with
   * @throws dev.lambic.kernel.LambicException if it is incomplete or a signature does not match
   */
  static byte[] decode(byte[] encoded, Headers headers, @Nullable Signer signer) {
    byte[] body = new AwsChunked(encoded, signer).body();
    String announced = headers.get("x-amz-decoded-content-length");
    if (announced != null && !announced.strip().equals(Integer.toString(body.length))) {
      throw incomplete();
    }
    return body;
  }

  private byte[] body() {
    ByteArrayOutputStream out = new ByteArrayOutputStream(encoded.length);
    while (true) {
      String head = line();
      int semicolon = head.indexOf(';');
      int size = size(semicolon < 0 ? head : head.substring(0, semicolon));
      if (size > encoded.length - at) {
        throw incomplete();
      }
      int start = at;
      at += size;
      check(head, start, size);
      if (size == 0) {
        trailers();
        return out.toByteArray();
      }
      out.write(encoded, start, size);
      if (!line().isEmpty()) {
        throw incomplete();
      }
    }
  }

  private void trailers() {
    StringBuilder signed = new StringBuilder();
    String signature = null;
    while (at < encoded.length) {
      String line = line();
      int colon = line.indexOf(':');
      if (line.isEmpty()) {
        continue;
      }
      if (colon < 0) {
        throw incomplete();
      }
      String value = line.substring(colon + 1).strip();
      if (line.regionMatches(true, 0, TRAILER_SIGNATURE, 0, TRAILER_SIGNATURE.length())) {
        signature = value;
      } else {
        signed.append(line, 0, colon).append(':').append(value).append('\n');
      }
    }
    if (signer != null && (signature != null || !signed.isEmpty())) {
      byte[] bytes = signed.toString().getBytes(StandardCharsets.ISO_8859_1);
      expect("AWS4-HMAC-SHA256-TRAILER", SigningKeys.hash(bytes), signature);
    }
  }

  private void check(String head, int start, int size) {
    if (signer == null) {
      return;
    }
    int found = head.indexOf(SIGNATURE);
    String given = found < 0 ? null : head.substring(found + SIGNATURE.length());
    expect(
        "AWS4-HMAC-SHA256-PAYLOAD",
        EMPTY_HASH + '\n' + SigningKeys.hash(encoded, start, size),
        given);
    previous = given == null ? "" : given;
  }

  private void expect(String algorithm, String hashes, @Nullable String given) {
    Signer with = signer;
    if (with == null) {
      return;
    }
    Signature seed = with.seed();
    String text =
        algorithm + '\n' + seed.time() + '\n' + seed.scope() + '\n' + previous + '\n' + hashes;
    String wanted = with.keys().sign(with.key(), seed, text);
    if (given == null
        || !MessageDigest.isEqual(
            wanted.getBytes(StandardCharsets.ISO_8859_1),
            given.getBytes(StandardCharsets.ISO_8859_1))) {
      throw SignatureErrors.chunk();
    }
  }

  private static int size(String hex) {
    if (hex.isEmpty() || hex.length() > 8) {
      throw incomplete();
    }
    try {
      int size = Integer.parseUnsignedInt(hex, 16);
      if (size >= 0) {
        return size;
      }
    } catch (NumberFormatException e) {
      throw incomplete();
    }
    throw incomplete();
  }

  private String line() {
    for (int i = at; i + 1 < encoded.length; i++) {
      if (encoded[i] == '\r' && encoded[i + 1] == '\n') {
        String line = new String(encoded, at, i - at, StandardCharsets.ISO_8859_1);
        at = i + 2;
        return line;
      }
    }
    throw incomplete();
  }

  static RuntimeException incomplete() {
    return new dev.lambic.kernel.LambicException(
        "IncompleteBody",
        dev.lambic.kernel.Blame.CALLER,
        "The request body terminated unexpectedly");
  }
}
