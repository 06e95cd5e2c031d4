package dev.lambic.wire;

import dev.lambic.http.Headers;
import dev.lambic.http.HttpRequest;
import dev.lambic.kernel.Ticker;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Establishes who sent a request, as AWS does by Signature Version 4.
 *
 * <p>Safe for use by many threads; never blocks. The time it takes grows with the body, which is
 * hashed.
 */
final class Authenticator {
  /** The clock skew that AWS forgives. */
  private static final int SKEW_MINUTES = 5;

  private static final String UNSIGNED = "UNSIGNED-PAYLOAD";
  private static final String STREAMING = "STREAMING-";
  private static final Set<String> LOOPBACK = Set.of("localhost", "127.0.0.1", "[::1]");
  private static final Pattern ADDRESS = Pattern.compile("[0-9.]+|\\[[0-9a-fA-F:.]+]");

  /** Of S3's headers, those that need no signature of their own, for they change nothing. */
  private static final Set<String> UNSIGNED_OF_S3 =
      Set.of("x-amz-content-sha256", "x-amz-user-agent");

  private static final String NO_ACCOUNT = "000000000000";

  /** A request with its sender; the body is free of any transfer encoding of AWS. */
  record Result(Caller caller, HttpRequest request) {}

  /** A sender who is known by the head of a request, and what the body has to be. */
  record Sender(Caller caller, BodyCheck check) {}

  private final AuthMode mode;
  private final Credentials credentials;
  private final String defaultRegion;
  private final Ticker ticker;
  private final SigningKeys keys = new SigningKeys();

  Authenticator(AuthMode mode, Credentials credentials, String defaultRegion, Ticker ticker) {
    this.mode = mode;
    this.credentials = credentials;
    this.defaultRegion = defaultRegion;
    this.ticker = ticker;
  }

  /** Whether only signed requests are let in. */
  boolean enforces() {
    return mode == AuthMode.ENFORCE;
  }

  /**
   * The sender.
   *
   * @param signature of the request, or null if it has none
   * @throws dev.lambic.kernel.LambicException with AWS's error if the request is refused
   */
  Result authenticate(@Nullable Signature signature, HttpRequest request) {
    if (signature == null) {
      if (mode == AuthMode.ENFORCE) {
        throw SignatureErrors.missing();
      }
      refuseForeignPages(request);
      return new Result(Caller.ofAccount(NO_ACCOUNT, defaultRegion), decoded(request, null, null));
    }
    AccessKey key = credentials.find(signature.accessKeyId());
    if (key == null) {
      if (mode == AuthMode.ENFORCE) {
        throw SignatureErrors.unknownKey();
      }
      refuseForeignPages(request);
      return new Result(unknown(signature), decoded(request, null, null));
    }
    verify(signature, key, request, payloadHash(signature, request));
    return new Result(caller(signature, key), decoded(request, key, signature));
  }

  private static Caller caller(Signature signature, AccessKey key) {
    return new Caller(
        key.account(), signature.region(), signature.accessKeyId(), key.principalArn());
  }

  /**
   * The sender of a request to S3 whose body is still to come.
   *
   * @param signature of the request, or null if it has none of the present version
   * @throws dev.lambic.kernel.LambicException with AWS's error if the request is refused
   */
  Sender authenticateHead(@Nullable Signature signature, HttpRequest head) {
    if (signature == null) {
      return olderSender(SignatureV2.of(head), head);
    }
    AccessKey key = credentials.find(signature.accessKeyId());
    if (key == null) {
      if (mode == AuthMode.ENFORCE) {
        throw SignatureErrors.unknownKey();
      }
      refuseForeignPages(head);
      return new Sender(unknown(signature), BodyCheck.none());
    }
    String hash = head.headers().get("x-amz-content-sha256");
    if (hash == null && signature.presigned()) {
      hash = UNSIGNED;
    }
    if (hash == null) {
      throw SignatureErrors.noBodyHash();
    }
    verify(signature, key, head, hash);
    BodyCheck check;
    if (ChunkCheck.announced(hash)) {
      check = new ChunkCheck(new AwsChunked.Signer(keys, key, signature));
    } else if (hash.equals(UNSIGNED) || hash.startsWith(STREAMING)) {
      check = BodyCheck.none();
    } else {
      check = BodyCheck.sha256(hash);
    }
    return new Sender(caller(signature, key), check);
  }

  private Sender olderSender(@Nullable SignatureV2 signature, HttpRequest head) {
    AccessKey key = signature == null ? null : credentials.find(signature.accessKeyId());
    if (signature != null && key != null) {
      signature.verify(key, head, S3Host.bucket(head.headers().get("Host")), ticker.instant());
      Caller caller =
          new Caller(key.account(), defaultRegion, signature.accessKeyId(), key.principalArn());
      return new Sender(caller, BodyCheck.none());
    }
    if (mode == AuthMode.ENFORCE) {
      throw signature == null ? SignatureErrors.missing() : SignatureErrors.unknownKey();
    }
    refuseForeignPages(head);
    return new Sender(Caller.ofAccount(NO_ACCOUNT, defaultRegion), BodyCheck.none());
  }

  /**
   * Keeps a web page that somebody visits from using the services of their machine: a browser sends
   * some requests anywhere without asking, but says which page they are from. A page whose name is
   * made to lead here is taken for one of this machine and not named; then its name is what the
   * request was sent to.
   */
  private static void refuseForeignPages(HttpRequest request) {
    String origin = request.headers().get("Origin");
    if (origin != null) {
      int slashes = origin.indexOf("://");
      if (!LOOPBACK.contains(withoutPort(slashes < 0 ? origin : origin.substring(slashes + 3)))) {
        throw SignatureErrors.foreignPage();
      }
    }
    if ("cross-site".equals(request.headers().get("Sec-Fetch-Site"))) {
      throw SignatureErrors.foreignPage();
    }
    String host = request.headers().get("Host");
    if (host != null
        && request.remote() instanceof InetSocketAddress remote
        && remote.getAddress().isLoopbackAddress()
        && isPublicName(withoutPort(host).toLowerCase(Locale.ROOT))) {
      throw SignatureErrors.foreignName();
    }
  }

  private static String withoutPort(String host) {
    int port = host.lastIndexOf(':');
    return port < 0 || host.endsWith("]") ? host : host.substring(0, port);
  }

  /** Whether somebody elsewhere may decide where the name leads. */
  private static boolean isPublicName(String host) {
    return host.indexOf('.') >= 0
        && !host.endsWith(".localhost")
        && !ADDRESS.matcher(host).matches();
  }

  /** A key id of twelve digits names the account, a convention of tools of this kind. */
  private static Caller unknown(Signature signature) {
    String id = signature.accessKeyId();
    boolean account = id.length() == 12 && id.chars().allMatch(c -> c >= '0' && c <= '9');
    Caller root = Caller.ofAccount(account ? id : NO_ACCOUNT, signature.region());
    return new Caller(root.account(), root.region(), id, root.principalArn());
  }

  private void verify(Signature signature, AccessKey key, HttpRequest request, String payloadHash) {
    Instant now = ticker.instant();
    if (key.sessionToken() != null || signature.token() != null) {
      if (!same(
          Objects.requireNonNullElse(key.sessionToken(), ""),
          Objects.requireNonNullElse(signature.token(), ""))) {
        throw SignatureErrors.unknownKey();
      }
    }
    if (key.expires() != null && !now.isBefore(key.expires())) {
      throw SignatureErrors.expiredToken();
    }
    checkTime(signature, now);
    if (!(";" + signature.signedHeaders() + ";").contains(";host;")) {
      throw SignatureErrors.invalid(
          "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.");
    }
    if (signature.service().equals("s3")) {
      checkHeaders(signature, request);
    }
    String canonical = CanonicalRequest.of(request, signature, payloadHash);
    String text =
        Signature.ALGORITHM
            + '\n'
            + signature.time()
            + '\n'
            + signature.scope()
            + '\n'
            + SigningKeys.hash(canonical.getBytes(StandardCharsets.ISO_8859_1));
    if (!same(keys.sign(key, signature, text), signature.value())) {
      throw SignatureErrors.mismatch(canonical, text);
    }
  }

  /** A link lets its holder do what was signed, and S3's headers say what is to be done. */
  private static void checkHeaders(Signature signature, HttpRequest request) {
    List<String> signed = List.of(signature.signedHeaders().split(";"));
    request
        .headers()
        .forEach((name, value) -> {
          String lower = name.toLowerCase(Locale.ROOT);
          if (lower.startsWith("x-amz-")
              && !UNSIGNED_OF_S3.contains(lower)
              && !signed.contains(lower)) {
            throw SignatureErrors.unsignedHeaders();
          }
        });
  }

  private static void checkTime(Signature signature, Instant now) {
    Instant signed;
    try {
      signed = Signature.parseTime(signature.time());
    } catch (DateTimeException e) {
      throw SignatureErrors.incomplete(
          "Date must be in ISO-8601 'basic format'. Got '"
              + signature.time()
              + "'. See http://en.wikipedia.org/wiki/ISO_8601");
    }
    if (!signature.time().startsWith(signature.date()) || signature.date().length() != 8) {
      throw SignatureErrors.invalid(
          "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from"
              + " HTTP: '"
              + signature.date()
              + "' != '"
              + signature.time().substring(0, 8)
              + "', from '"
              + signature.time()
              + "'.");
    }
    Instant latest = now.plusSeconds(60L * SKEW_MINUTES);
    if (signed.isAfter(latest)) {
      throw SignatureErrors.invalid(
          "Signature not yet current: "
              + signature.time()
              + " is still later than "
              + Signature.basicTime(latest)
              + " ("
              + Signature.basicTime(now)
              + " + "
              + SKEW_MINUTES
              + " min.)");
    }
    Instant earliest =
        now.minusSeconds(signature.presigned() ? signature.expiresSeconds() : 60L * SKEW_MINUTES);
    if (signed.isBefore(earliest)) {
      throw SignatureErrors.invalid(
          "Signature expired: "
              + signature.time()
              + " is now earlier than "
              + Signature.basicTime(earliest)
              + " ("
              + Signature.basicTime(now)
              + " - "
              + (signature.presigned() ? signature.expiresSeconds() + " sec." : "5 min.")
              + ")");
    }
  }

  private static String payloadHash(Signature signature, HttpRequest request) {
    String given = request.headers().get("x-amz-content-sha256");
    boolean s3 = signature.service().equals("s3");
    if (given != null && (given.equals(UNSIGNED) || given.startsWith(STREAMING))) {
      return given;
    }
    if (s3 && signature.presigned() && given == null) {
      return UNSIGNED;
    }
    String actual = SigningKeys.hash(request.body());
    if (s3 && given != null && !given.equals(actual)) {
      throw SignatureErrors.bodyHash();
    }
    return actual;
  }

  private HttpRequest decoded(
      HttpRequest request, @Nullable AccessKey key, @Nullable Signature signature) {
    Headers headers = request.headers();
    if (!AwsChunked.announced(headers)) {
      return request;
    }
    String hash = headers.get("x-amz-content-sha256");
    boolean signedPieces = hash != null && hash.startsWith("STREAMING-AWS4-HMAC-SHA256-PAYLOAD");
    AwsChunked.Signer signer =
        signedPieces && key != null && signature != null
            ? new AwsChunked.Signer(keys, key, signature)
            : null;
    return new HttpRequest(
        request.method(),
        request.target(),
        headers,
        AwsChunked.decode(request.body(), headers, signer),
        request.remote());
  }

  private static boolean same(String a, String b) {
    return MessageDigest.isEqual(
        a.getBytes(StandardCharsets.UTF_8), b.getBytes(StandardCharsets.UTF_8));
  }
}
