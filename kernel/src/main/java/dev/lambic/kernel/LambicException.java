package dev.lambic.kernel;

import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * An expected failure: a stable code, who is to blame, and a message for a person.
 *
 * <p>It becomes an AWS error shape in exactly one place, the wire module. Anything that is not a
 * {@code LambicException} (or an AWS SDK exception thrown by a service) is a bug and is treated as
 * one. Immutable.
 */
public class LambicException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String code;
  private final Blame blame;
  private final Map<String, String> members;

  /**
   * An error with further members.
   *
   * @param code AWS's name of the error where AWS has one, such as {@code TooManyRequestsException}
   * @param members further members of the error shape, such as {@code Reason}
   */
  public LambicException(
      String code,
      Blame blame,
      String message,
      Map<String, String> members,
      @Nullable Throwable cause) {
    super(message, cause);
    this.code = Objects.requireNonNull(code);
    this.blame = Objects.requireNonNull(blame);
    this.members = Map.copyOf(members);
  }

  /** An error without further members. */
  public LambicException(String code, Blame blame, String message) {
    this(code, blame, message, Map.of(), null);
  }

  /** An error with its cause. */
  public LambicException(String code, Blame blame, String message, @Nullable Throwable cause) {
    this(code, blame, message, Map.of(), cause);
  }

  /** The stable code. */
  public String code() {
    return code;
  }

  /** Who has to act. */
  public Blame blame() {
    return blame;
  }

  /** Further members of the error shape; never null, often empty. */
  public Map<String, String> members() {
    return members;
  }
}
