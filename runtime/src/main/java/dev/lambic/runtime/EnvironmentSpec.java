package dev.lambic.runtime;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What an execution environment is made of.
 *
 * @param name unique on this host; seen by the function, so it carries nothing secret
 * @param target how the runtime is started
 * @param functionName without ARN or qualifier
 * @param version {@code $LATEST} or a number
 * @param account twelve digits
 * @param region such as {@code us-east-1}
 * @param handler as configured; empty where the runtime needs none
 * @param memoryMb the function's memory
 * @param tmpMb the size of {@code /tmp}
 * @param variables the function's own environment variables
 * @param code the unpacked code, seen as {@code /var/task}
 * @param opt the merged layers, seen as {@code /opt}; null if the function has none
 * @param logGroup CloudWatch Logs group
 * @param logStream CloudWatch Logs stream
 * @param logSettings the form of its log
 * @param credentials what the function calls AWS with
 * @param initialization why it is made
 * @param role ARN of the execution role
 * @param fileSystems what it sees below {@code /mnt}, shared with other environments
 */
public record EnvironmentSpec(
    String name,
    RuntimeTarget target,
    String functionName,
    String version,
    String account,
    String region,
    String handler,
    int memoryMb,
    int tmpMb,
    Map<String, String> variables,
    Path code,
    @Nullable Path opt,
    String logGroup,
    String logStream,
    LogSettings logSettings,
    SessionCredentials credentials,
    Initialization initialization,
    String role,
    List<FileSystemMount> fileSystems) {
  /** Copies the collections. */
  public EnvironmentSpec {
    variables = Map.copyOf(variables);
    fileSystems = List.copyOf(fileSystems);
  }
}
