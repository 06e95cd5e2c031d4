package dev.lambic.functions;

import dev.lambic.kernel.Blame;
import dev.lambic.kernel.LambicException;
import java.io.IOException;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Container images, as far as the control plane needs them. Safe for use by many threads; all but
 * {@link #isReady} may wait, for a bounded time.
 */
public interface ContainerImages {
  /** What is wrong with an image. */
  enum Problem {
    /** There is none of the name. */
    MISSING("ImageDeleted"),
    /** It is not given to everybody. */
    DENIED("ImageAccessDenied"),
    /** It is damaged, or none that can be used here. */
    INVALID("InvalidImage"),
    /** Its form is not understood. */
    UNSUPPORTED("InvalidImage"),
    /** It cannot be had now, which is not its own fault. */
    UNAVAILABLE("InternalError");

    private final String reasonCode;

    Problem(String reasonCode) {
      this.reasonCode = reasonCode;
    }

    /** AWS's code for the state that a function is in by it. */
    String reasonCode() {
      return reasonCode;
    }
  }

  /** An image cannot be used. The message is for a person. */
  final class Unusable extends LambicException {
    private static final long serialVersionUID = 1L;

    private final Problem problem;

    /** An image that cannot be used. */
    public Unusable(Problem problem, String message, @Nullable Throwable cause) {
      super(
          problem == Problem.UNAVAILABLE ? "ServiceException" : "InvalidParameterValueException",
          problem == Problem.UNAVAILABLE ? Blame.PLATFORM : Blame.CALLER,
          message,
          cause);
      this.problem = problem;
    }

    /** What is wrong. */
    public Problem problem() {
      return problem;
    }
  }

  /**
   * Which image a name means now.
   *
   * @param resolvedUri names this very image for ever
   * @param digest of its manifest, SHA-256 in hexadecimal
   */
  record Found(String resolvedUri, String digest) {}

  /**
   * Finds an image.
   *
   * @throws Unusable if it cannot be used
   */
  Found find(String imageUri);

  /**
   * Makes an image ready to be run; returns when it is.
   *
   * @param resolvedUri as {@link #find} gave it
   * @throws Unusable if it cannot be used
   */
  void prepare(String resolvedUri);

  /** Whether the image of the digest is ready to be run. */
  boolean isReady(String digest);

  /**
   * Removes images that were unused for a while.
   *
   * @param used digests of those that functions refer to; asked while none is removed
   */
  void collect(Supplier<Set<String>> used) throws IOException;

  /** Where there are none: every image is refused. */
  static ContainerImages none() {
    return new ContainerImages() {
      @Override
      public Found find(String imageUri) {
        throw new Unusable(Problem.MISSING, "There are no images here.", null);
      }

      @Override
      public void prepare(String resolvedUri) {
        find(resolvedUri);
      }

      @Override
      public boolean isReady(String digest) {
        return false;
      }

      @Override
      public void collect(Supplier<Set<String>> used) {}
    };
  }
}
