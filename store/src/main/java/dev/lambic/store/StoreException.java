package dev.lambic.store;

import dev.lambic.kernel.Blame;
import dev.lambic.kernel.LambicException;
import org.jspecify.annotations.Nullable;

/** The store cannot do its work; the message says what a person can do about it. */
public final class StoreException extends LambicException {
  private static final long serialVersionUID = 1L;

  /** A failure; stores other than those of this module have failures too. */
  public StoreException(String message, @Nullable Throwable cause) {
    super("ServiceException", Blame.PLATFORM, message, cause);
  }
}
