package dev.lambic.runtime;

/**
 * In which form a function's log is written, and what of it is left out.
 *
 * <p>Follows "Configuring advanced logging controls for Lambda functions" of the Lambda Developer
 * Guide.
 *
 * @param json whether lines are JSON objects; else they are plain text and nothing is left out
 * @param applicationLevel the least level of what the function logs: TRACE, DEBUG, INFO, WARN,
 *     ERROR or FATAL
 * @param systemLevel the least level of what Lambda logs: DEBUG, INFO or WARN
 */
public record LogSettings(boolean json, String applicationLevel, String systemLevel) {
  /** Plain text, which is the default. */
  public static final LogSettings TEXT = new LogSettings(false, "TRACE", "DEBUG");
}
