package dev.lambic.services;

import dev.lambic.http.HttpRequest;
import dev.lambic.kernel.Blame;
import dev.lambic.kernel.LambicException;
import dev.lambic.wire.S3Host;
import java.net.URI;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The address of a request as S3Proxy is to see it: with the bucket in the path, without what only
 * a signature needs, and without anything that could lead out of the directory of the objects.
 */
final class S3Target {
  /** Parameters of the two versions of signatures, in lower case. */
  private static final Set<String> OF_SIGNATURES =
      Set.of(
          "awsaccesskeyid",
          "signature",
          "expires",
          "x-amz-algorithm",
          "x-amz-credential",
          "x-amz-date",
          "x-amz-expires",
          "x-amz-signedheaders",
          "x-amz-signature",
          "x-amz-security-token",
          "x-amz-content-sha256");

  private static final Pattern ID = Pattern.compile("[A-Za-z0-9._-]{1,200}");
  private static final Pattern CODE = Pattern.compile("<Code>([^<]*)</Code>");
  private static final Pattern MESSAGE = Pattern.compile("<Message>([^<]*)</Message>");

  private S3Target() {}

  /**
   * The target to ask S3Proxy for.
   *
   * @throws LambicException if there is none
   */
  static String of(HttpRequest request) {
    if (!request.target().startsWith("/")) {
      // Behind a host and a port, anything else could make another server's address of them.
      throw invalid();
    }
    String bucket = S3Host.bucket(request.headers().get("Host"));
    String path = (bucket == null ? "" : "/" + bucket) + escaped(request.rawPath());
    checkPath(path);
    String source = request.headers().get("x-amz-copy-source");
    if (source != null) {
      int question = source.indexOf('?');
      checkPath(question < 0 ? source : source.substring(0, question));
    }
    List<String> kept = new ArrayList<>();
    for (String parameter : request.rawQuery().split("&")) {
      int equals = parameter.indexOf('=');
      String name = decoded(equals < 0 ? parameter : parameter.substring(0, equals));
      String value = equals < 0 ? "" : decoded(parameter.substring(equals + 1));
      if (parameter.isEmpty() || OF_SIGNATURES.contains(name.toLowerCase(Locale.ROOT))) {
        continue;
      }
      if (name.equals("uploadId") && !ID.matcher(value).matches()) {
        throw new LambicException(
            "NoSuchUpload",
            Blame.CALLER,
            "The specified upload does not exist. The upload ID may be invalid, or the upload may"
                + " have been aborted or completed.");
      }
      if (name.equals("versionId") && !ID.matcher(value).matches()) {
        throw new LambicException("InvalidArgument", Blame.CALLER, "Invalid version id specified");
      }
      kept.add(escaped(parameter));
    }
    return kept.isEmpty() ? path : path + "?" + String.join("&", kept);
  }

  /**
   * The address of a target at a port of this machine.
   *
   * @throws IllegalArgumentException if it cannot be one, or would be the address of another server
   */
  static URI at(int port, String target) {
    URI address = URI.create("http://127.0.0.1:" + port + target);
    if (address.getRawUserInfo() != null
        || !"127.0.0.1".equals(address.getHost())
        || address.getPort() != port) {
      throw new IllegalArgumentException("not of this server: " + target);
    }
    return address;
  }

  /** The target of an object. */
  static String of(String bucket, String key, @Nullable String version) {
    String path = "/" + encoded(bucket) + "/" + encoded(key).replace("%2F", "/");
    checkPath(path);
    return version == null ? path : path + "?versionId=" + encoded(version);
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }

  private static String decoded(String text) {
    try {
      return URLDecoder.decode(text, StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      throw invalid();
    }
  }

  /** Files cannot have all names that objects can. */
  private static void checkPath(String path) {
    String plain = decoded(path.replace("+", "%2B"));
    if (plain.indexOf('\0') >= 0) {
      throw invalid();
    }
    for (String segment : plain.split("/", -1)) {
      if (segment.equals(".") || segment.equals("..")) {
        throw invalid();
      }
      if (segment.getBytes(StandardCharsets.UTF_8).length > 200) {
        throw new LambicException(
            "KeyTooLongError",
            Blame.CALLER,
            "Your key is too long: Lambic's S3 takes 200 bytes between two slashes.");
      }
    }
  }

  private static LambicException invalid() {
    return new LambicException("InvalidURI", Blame.CALLER, "Couldn't parse the specified URI.");
  }

  /** With what may not stand in an address encoded. */
  private static String escaped(String text) {
    StringBuilder out = null;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      boolean legal = c > ' ' && c < 0x7f && "\"<>\\^`{|}#[]".indexOf(c) < 0;
      if (!legal && out == null) {
        out = new StringBuilder(text.substring(0, i));
      }
      if (out != null) {
        if (legal) {
          out.append(c);
        } else {
          // Bytes that are no ASCII come as one character each.
          out.append(c <= 0xff ? String.format("%%%02X", (int) c) : encoded(String.valueOf(c)));
        }
      }
    }
    return out == null ? text : out.toString();
  }

  /** S3's refusal out of its answer. */
  static S3Service.Fetched.Refused refusal(int status, byte[] body) {
    String xml = new String(body, StandardCharsets.UTF_8);
    Matcher code = CODE.matcher(xml);
    Matcher message = MESSAGE.matcher(xml);
    return new S3Service.Fetched.Refused(
        code.find() ? code.group(1) : "InternalError",
        message.find() ? message.group(1) : "S3 answered with status " + status);
  }
}
