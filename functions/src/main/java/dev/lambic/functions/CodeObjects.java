package dev.lambic.functions;

import java.io.IOException;
import java.io.InputStream;
import org.jspecify.annotations.Nullable;

/**
 * Objects of S3, as far as the control plane needs them: deployment packages. Safe for use by many
 * threads; may wait, for a bounded time.
 */
@FunctionalInterface
public interface CodeObjects {
  /** S3 does not give an object. The message is S3's. */
  final class Refused extends Exception {
    private static final long serialVersionUID = 1L;

    private final String code;

    /** A refusal with S3's error code, such as {@code NoSuchKey}. */
    public Refused(String code, String message) {
      super(message);
      this.code = code;
    }

    /** S3's error code. */
    public String code() {
      return code;
    }
  }

  /**
   * The content of an object, to be closed.
   *
   * @param version of the object; null for the latest
   * @throws Refused if S3 does not give it
   * @throws dev.lambic.kernel.LambicException if S3 cannot be asked
   */
  InputStream open(String bucket, String key, @Nullable String version) throws Refused, IOException;

  /** Where there is no S3: no bucket exists. */
  static CodeObjects none() {
    return (bucket, key, version) -> {
      throw new Refused("NoSuchBucket", "The specified bucket does not exist");
    };
  }
}
