package dev.lambic.functions;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.lambic.kernel.Blame;
import dev.lambic.kernel.Ids;
import dev.lambic.kernel.LambicException;
import dev.lambic.kernel.Ticker;
import dev.lambic.store.BlobId;
import dev.lambic.store.Records;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.HexFormat;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Links to deployment packages, as GetFunction gives them: whoever has one may download that
 * package until it expires, without any further signature.
 *
 * <p>The signing key is made once and kept in the records, so links outlive a restart. Safe for use
 * by many threads.
 */
public final class CodeDownloads {
  /** All links begin with this path. */
  public static final String PREFIX = "/_lambic/code/";

  /** As long as AWS's links. */
  private static final Duration VALID = Duration.ofMinutes(10);

  private static final String ALGORITHM = "HmacSHA256";
  private static final Pattern QUERY =
      Pattern.compile("expires=([0-9]{1,12})&signature=([0-9a-f]{64})");

  private final SecretKeySpec key;
  private final CodeStore code;
  private final Ticker ticker;
  private final Supplier<URI> endpoint;

  private CodeDownloads(SecretKeySpec key, CodeStore code, Ticker ticker, Supplier<URI> endpoint) {
    this.key = key;
    this.code = code;
    this.ticker = ticker;
    this.endpoint = endpoint;
  }

  static CodeDownloads open(
      Records records, CodeStore code, Ticker ticker, Ids ids, Supplier<URI> endpoint) {
    byte[] secret =
        records.transaction(in -> {
          byte[] kept = in.get("secret", "code-downloads");
          if (kept != null) {
            return kept;
          }
          byte[] made = new byte[32];
          System.arraycopy(ids.bytes16(), 0, made, 0, 16);
          System.arraycopy(ids.bytes16(), 0, made, 16, 16);
          in.put("secret", "code-downloads", made);
          return made;
        });
    return new CodeDownloads(new SecretKeySpec(secret, ALGORITHM), code, ticker, endpoint);
  }

  /** A link to the package that works for ten minutes from now. */
  String link(String codeId) {
    long expires = ticker.instant().plus(VALID).getEpochSecond();
    String base = endpoint.get().toString();
    return (base.endsWith("/") ? base.substring(0, base.length() - 1) : base)
        + PREFIX
        + codeId
        + "?expires="
        + expires
        + "&signature="
        + HexFormat.of().formatHex(sign(codeId, expires));
  }

  /**
   * The file that a link leads to, a zip archive that must not be changed.
   *
   * @param path of the request, which begins with {@link #PREFIX}
   * @param query of the request without the question mark; empty if it has none
   * @throws LambicException with code {@code AccessDenied} for a link that is expired or was not
   *     made here, {@code NoSuchKey} if the package is gone
   */
  public Path open(String path, String query) {
    Matcher matcher = QUERY.matcher(query);
    String codeId = path.startsWith(PREFIX) ? path.substring(PREFIX.length()) : "";
    if (!BlobId.isSha256(codeId) || !matcher.matches()) {
      throw denied("Access Denied");
    }
    long expires = Long.parseLong(matcher.group(1));
    byte[] signature = HexFormat.of().parseHex(matcher.group(2));
    if (!MessageDigest.isEqual(signature, sign(codeId, expires))) {
      throw denied("Access Denied");
    }
    if (ticker.instant().getEpochSecond() > expires) {
      throw denied("Request has expired");
    }
    Path file = code.packageFile(codeId);
    if (!Files.isRegularFile(file)) {
      throw new LambicException(
          "NoSuchKey", Blame.CALLER, "The deployment package does not exist any more.");
    }
    return file;
  }

  private static LambicException denied(String message) {
    return new LambicException("AccessDenied", Blame.CALLER, message);
  }

  private byte[] sign(String codeId, long expires) {
    try {
      Mac mac = Mac.getInstance(ALGORITHM);
      mac.init(key);
      return mac.doFinal((codeId + "\n" + expires).getBytes(UTF_8));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java has " + ALGORITHM, e);
    }
  }
}
