package dev.lambic.invocation;

import dev.lambic.runtime.FileSystemMount;
import dev.lambic.runtime.LogSettings;
import java.util.List;
import java.util.Map;

/**
 * An immutable state of a function version, as far as running it needs to know.
 *
 * @param key identity of this very state; another after each change of code or configuration
 * @param arn the function's ARN without a qualifier
 * @param name the function's name
 * @param version {@code $LATEST} or a number
 * @param region such as {@code us-east-1}
 * @param account twelve digits
 * @param role ARN of the execution role
 * @param runtime AWS's runtime identifier
 * @param runtimeVersionArn names the very runtime; empty where the function brings its own
 * @param handler as configured; may be empty
 * @param memoryMb memory size
 * @param timeoutSeconds longest duration of an invocation
 * @param tmpMb size of {@code /tmp}
 * @param variables the function's own environment variables
 * @param logGroup CloudWatch Logs group
 * @param logSettings the form of its log
 * @param code gives the unpacked code
 * @param snapStart whether it is started from snapshots of itself, where there are any
 * @param fileSystems what it sees below {@code /mnt}, shared with others
 */
public record FunctionImage(
    String key,
    String arn,
    String name,
    String version,
    String region,
    String account,
    String role,
    String runtime,
    String runtimeVersionArn,
    String handler,
    int memoryMb,
    int timeoutSeconds,
    int tmpMb,
    Map<String, String> variables,
    String logGroup,
    LogSettings logSettings,
    Code code,
    boolean snapStart,
    List<FileSystemMount> fileSystems) {
  /** Copies the collections. */
  public FunctionImage {
    variables = Map.copyOf(variables);
    fileSystems = List.copyOf(fileSystems);
  }

  /**
   * The same with other code, which may change at any time, so that no snapshot of it is made or
   * used.
   *
   * @param key of that state
   */
  public FunctionImage with(String key, Map<String, String> variables, Code code) {
    return new FunctionImage(
        key,
        arn,
        name,
        version,
        region,
        account,
        role,
        runtime,
        runtimeVersionArn,
        handler,
        memoryMb,
        timeoutSeconds,
        tmpMb,
        variables,
        logGroup,
        logSettings,
        code,
        false,
        fileSystems);
  }
}
