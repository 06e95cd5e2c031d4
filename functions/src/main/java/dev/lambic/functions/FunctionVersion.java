package dev.lambic.functions;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One version of a function, ready to run: what an execution environment is made from.
 *
 * <p>Immutable. A change of the function makes another one with another {@link #revision}, so two
 * with the same {@link #arn} and revision are the same.
 *
 * @param account twelve digits
 * @param region such as {@code us-east-1}
 * @param functionArn the function's ARN without a qualifier
 * @param functionName the plain name
 * @param version {@code $LATEST} or a number
 * @param revision changes with whatever changes the behaviour of the function
 * @param role the execution role's ARN
 * @param runtime AWS's identifier, such as {@code python3.12}
 * @param runtimeVersionArn names the very runtime, as AWS names runtimes' versions
 * @param handler as configured
 * @param memoryMb 128 to 10240
 * @param timeoutSeconds 1 to 900
 * @param ephemeralMb the size of {@code /tmp}, 512 to 10240
 * @param architecture {@code x86_64} or {@code arm64}
 * @param variables the function's own environment variables
 * @param logGroup where its logs go
 * @param logFormat {@code Text} or {@code JSON}
 * @param applicationLogLevel empty with the format Text
 * @param systemLogLevel empty with the format Text
 * @param codeSha256 the deployment package's SHA-256 in base64, as the API shows it
 * @param codeId the same in hexadecimal; {@link CodeStore#acquire} takes it
 * @param layersId the merged layers' name for {@link CodeStore#acquire}; null if it has none
 * @param container what to run if the package is a container image, which has neither a runtime nor
 *     a handler; for it the two names of the code are the digest of the image
 * @param traced whether its invocations are sampled for tracing unless their callers decide
 * @param perTenant whether each call is a tenant's, and no two tenants may share an environment
 * @param snapStart whether it is started from snapshots of itself, where there are any
 * @param fileSystems what its environments see below {@code /mnt}
 */
public record FunctionVersion(
    String account,
    String region,
    String functionArn,
    String functionName,
    String version,
    String revision,
    String role,
    String runtime,
    String runtimeVersionArn,
    String handler,
    int memoryMb,
    int timeoutSeconds,
    int ephemeralMb,
    String architecture,
    Map<String, String> variables,
    String logGroup,
    String logFormat,
    String applicationLogLevel,
    String systemLogLevel,
    String codeSha256,
    String codeId,
    @Nullable String layersId,
    Optional<ContainerVersion> container,
    boolean traced,
    boolean perTenant,
    boolean snapStart,
    List<FileSystem> fileSystems) {
  /** The version of the code and configuration that updates change. */
  public static final String LATEST = "$LATEST";

  /** Copies the collections. */
  public FunctionVersion {
    variables = Map.copyOf(variables);
    fileSystems = List.copyOf(fileSystems);
  }

  /** The ARN with the version as its qualifier. */
  public String arn() {
    return functionArn + ":" + version;
  }
}
