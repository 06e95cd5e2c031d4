package dev.lambic.sandbox;

import dev.lambic.kernel.Blame;
import dev.lambic.kernel.LambicException;
import org.jspecify.annotations.Nullable;

/**
 * A sandbox could not be made or could not do what was asked: the step that failed, the kernel's
 * answer and the path concerned.
 */
public final class SandboxException extends LambicException {
  private static final long serialVersionUID = 1L;

  /** The step reported by a sandbox that is no more. */
  public static final String DEAD = "dead";

  /** The step reported when a limit would fall below what is in use; the sandbox lives on. */
  public static final String LIMIT_BELOW_USAGE = "limit-below-usage";

  /** The step in which a program could not be executed. */
  public static final String EXEC = "exec";

  /** The step in which the working directory of a program could not be entered. */
  public static final String CHDIR = "chdir";

  private final String step;
  private final int errno;
  private final String path;

  SandboxException(String step, int errno, String path, @Nullable Throwable cause) {
    super("SandboxFailure", Blame.PLATFORM, describe(step, errno, path), cause);
    this.step = step;
    this.errno = errno;
    this.path = path;
  }

  SandboxException(String step, int errno, String path) {
    this(step, errno, path, null);
  }

  static SandboxException dead(String why) {
    return new SandboxException(DEAD, 0, why);
  }

  private static String describe(String step, int errno, String path) {
    return "sandbox: "
        + step
        + (errno == 0 ? "" : ": " + Errno.text(errno))
        + (path.isEmpty() ? "" : ": " + path);
  }

  /** The step that failed, a stable lower-case word. */
  public String step() {
    return step;
  }

  /** The kernel's error number; 0 when there is none. */
  public int errno() {
    return errno;
  }

  /** The path or the detail concerned; may be empty. */
  public String path() {
    return path;
  }
}
