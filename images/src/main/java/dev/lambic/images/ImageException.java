package dev.lambic.images;

import dev.lambic.kernel.Blame;
import dev.lambic.kernel.LambicException;
import org.jspecify.annotations.Nullable;

/**
 * An image cannot be had or cannot be used. Its code is one of AWS's reasons for the state of a
 * function, such as {@code ImageAccessDenied}.
 */
public final class ImageException extends LambicException {
  private static final long serialVersionUID = 1L;

  /** What is wrong. */
  public enum Reason {
    /** There is no such image, or a part of it is missing. */
    MISSING("ImageDeleted", Blame.CALLER),
    /** The registry does not give it to everybody. */
    DENIED("ImageAccessDenied", Blame.CALLER),
    /** It is not what its digests say, is no image for this host, or is too large. */
    INVALID("InvalidImage", Blame.CALLER),
    /** Its form is none of those that are understood. */
    UNSUPPORTED("InvalidImage", Blame.CALLER),
    /** The registry did not answer as one should, or not in time, or the disk failed. */
    UNAVAILABLE("InternalError", Blame.PLATFORM);

    private final String code;
    private final Blame blame;

    Reason(String code, Blame blame) {
      this.code = code;
      this.blame = blame;
    }
  }

  private final Reason reason;

  ImageException(Reason reason, String message) {
    this(reason, message, null);
  }

  ImageException(Reason reason, String message, @Nullable Throwable cause) {
    super(reason.code, reason.blame, message, cause);
    this.reason = reason;
  }

  /** What is wrong. */
  public Reason reason() {
    return reason;
  }
}
