package dev.lambic.sandbox;

import dev.lambic.kernel.Blame;
import dev.lambic.kernel.LambicException;
import java.util.List;
import java.util.Map;
import java.util.Set;
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

  /** The step in which criu itself gave up. */
  private static final String CRIU = "criu";

  /** How the steps are called that look at restored processes before they go on. */
  private static final String RESTORED = "restored-";

  /** What criu says when the host lacks something that it may have again later. */
  private static final List<String> PASSING =
      List.of(
          "Cannot allocate memory",
          "No space left on device",
          "Resource temporarily unavailable",
          "Too many open files",
          // By the kernel, for want of memory.
          "killed by signal 9");

  /** What a checkpoint gives up at because of the program, with what is said of it. */
  private static final Map<String, Set<String>> LASTING =
      Map.of(
          "processes", Set.of(),
          "memory", Set.of(),
          "copy-tmp", Set.of("size", "special file", "depth"));

  private final String step;
  private final int errno;
  private final String path;

  SandboxException(String step, int errno, String path, @Nullable Throwable cause) {
    super("SandboxFailure", Blame.PLATFORM, describe(step, errno, path), cause);
    this.step = step;
    this.errno = errno;
    this.path = path;
  }

  /**
   * A failure without a cause.
   *
   * @param step a stable lower-case word
   * @param errno the kernel's error number; 0 when there is none
   * @param path the path or the detail concerned; may be empty
   */
  public SandboxException(String step, int errno, String path) {
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

  /**
   * Whether it speaks of the files that a restore read rather than of what this host or the sandbox
   * lacked at that moment, such as time, memory or the launcher.
   */
  public boolean speaksOfImages() {
    return step.startsWith(RESTORED)
        ? errno != Errno.ETIMEDOUT
        : step.equals(CRIU) && errno == Errno.EIO && PASSING.stream().noneMatch(path::contains);
  }

  /**
   * Whether a checkpoint failed at what the program is or holds, so that another of the same
   * program would fail as well.
   */
  public boolean speaksOfTheProgram() {
    Set<String> details = LASTING.get(step);
    return speaksOfImages() || (details != null && (details.isEmpty() || details.contains(path)));
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
