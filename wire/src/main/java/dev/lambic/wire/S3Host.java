package dev.lambic.wire;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What the host name of a request for S3 says about its bucket. */
public final class S3Host {
  private static final Pattern ADDRESS = Pattern.compile("[0-9.]+|\\[[0-9a-f:.]+]");
  private static final Pattern OF_S3 = Pattern.compile("(.+)\\.s3[.-].*");

  private S3Host() {}

  /**
   * The bucket that the host names, as in {@code bucket.localhost} and {@code
   * bucket.s3.eu-west-1.example.com}; null where the path names it.
   *
   * @param host perhaps with a port
   */
  public static @Nullable String bucket(@Nullable String host) {
    if (host == null) {
      return null;
    }
    int port = host.lastIndexOf(':');
    String name =
        (port < 0 || host.endsWith("]") ? host : host.substring(0, port)).toLowerCase(Locale.ROOT);
    if (ADDRESS.matcher(name).matches()) {
      return null;
    }
    Matcher matcher = OF_S3.matcher(name);
    if (matcher.matches()) {
      return matcher.group(1);
    }
    String suffix = ".localhost";
    if (!name.endsWith(suffix) || name.equals("s3" + suffix)) {
      return null;
    }
    String before = name.substring(0, name.length() - suffix.length());
    return before.endsWith(".s3") ? before.substring(0, before.length() - 3) : before;
  }
}
