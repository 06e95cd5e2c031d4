package dev.lambic.sandbox;

/** Error numbers of Linux, the same on x86-64 and AArch64. */
final class Errno {
  static final int EPERM = 1;
  static final int ENOENT = 2;
  static final int EINTR = 4;
  static final int EIO = 5;
  static final int EAGAIN = 11;
  static final int EADDRINUSE = 98;
  static final int EBUSY = 16;
  static final int EEXIST = 17;
  static final int ENOSPC = 28;
  static final int EPIPE = 32;
  static final int ETIMEDOUT = 110;

  private Errno() {}

  /** The text that C programs print for the number. */
  static String text(int errno) {
    return switch (errno) {
      case EPERM -> "operation not permitted";
      case ENOENT -> "no such file or directory";
      case EINTR -> "interrupted";
      case EIO -> "input/output error";
      case 7 -> "argument list too long";
      case 8 -> "exec format error";
      case EAGAIN -> "resource temporarily unavailable";
      case 12 -> "cannot allocate memory";
      case 13 -> "permission denied";
      case EBUSY -> "device or resource busy";
      case EEXIST -> "file exists";
      case 20 -> "not a directory";
      case 21 -> "is a directory";
      case 22 -> "invalid argument";
      case 23, 24 -> "too many open files";
      case 26 -> "text file busy";
      case 27 -> "file too large";
      case ENOSPC -> "no space left on device";
      case EPIPE -> "broken pipe";
      case 36 -> "file name too long";
      case 38 -> "function not implemented";
      case 40 -> "too many levels of symbolic links";
      case EADDRINUSE -> "address already in use";
      case ETIMEDOUT -> "timed out";
      default -> "errno " + errno;
    };
  }
}
