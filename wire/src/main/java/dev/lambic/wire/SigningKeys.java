package dev.lambic.wire;

import java.nio.charset.StandardCharsets;
import java.security.InvalidKeyException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.concurrent.ConcurrentHashMap;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * The keys derived from secrets for a day, region and service, and the two hash functions.
 *
 * <p>Derived once and kept, for four of the five hashes of a signature are the derivation. Safe for
 * use by many threads.
 */
final class SigningKeys {
  /** More than a day's distinct keys on any machine; above it, the cache starts anew. */
  private static final int MAX_CACHED = 1_000;

  private record Scope(String secret, String date, String region, String service) {}

  private final ConcurrentHashMap<Scope, Mac> cache = new ConcurrentHashMap<>();

  /** The signature of the text with the key of the scope, in hexadecimal digits. */
  String sign(AccessKey key, Signature scope, String text) {
    Scope wanted = new Scope(key.secret(), scope.date(), scope.region(), scope.service());
    Mac mac = cache.get(wanted);
    if (mac == null) {
      if (cache.size() >= MAX_CACHED) {
        cache.clear();
      }
      mac = derive(wanted);
      cache.put(wanted, mac);
    }
    try {
      // A clone is ready with its key and shares no state.
      Mac own = (Mac) mac.clone();
      return hex(own.doFinal(text.getBytes(StandardCharsets.ISO_8859_1)));
    } catch (CloneNotSupportedException e) {
      throw new IllegalStateException("the JDK's HMAC can be cloned", e);
    }
  }

  private static Mac derive(Scope scope) {
    byte[] day =
        mac(("AWS4" + scope.secret).getBytes(StandardCharsets.UTF_8)).doFinal(utf8(scope.date));
    byte[] region = mac(day).doFinal(utf8(scope.region));
    byte[] service = mac(region).doFinal(utf8(scope.service));
    return mac(mac(service).doFinal(utf8(Signature.TERMINATOR)));
  }

  private static Mac mac(byte[] key) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(key, "HmacSHA256"));
      return mac;
    } catch (NoSuchAlgorithmException | InvalidKeyException e) {
      throw new IllegalStateException("every JDK has HmacSHA256", e);
    }
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** SHA-256 in hexadecimal digits. */
  static String hash(byte[] bytes, int from, int length) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      digest.update(bytes, from, length);
      return hex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  static String hash(byte[] bytes) {
    return hash(bytes, 0, bytes.length);
  }

  private static String hex(byte[] bytes) {
    return HexFormat.of().formatHex(bytes);
  }
}
