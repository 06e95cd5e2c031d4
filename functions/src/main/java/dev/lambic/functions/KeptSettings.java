package dev.lambic.functions;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.lambda.model.DeadLetterConfig;
import software.amazon.awssdk.services.lambda.model.FunctionConfiguration;
import software.amazon.awssdk.services.lambda.model.SnapStart;
import software.amazon.awssdk.services.lambda.model.SnapStartApplyOn;
import software.amazon.awssdk.services.lambda.model.SnapStartOptimizationStatus;
import software.amazon.awssdk.services.lambda.model.UpdateFunctionConfigurationRequest;
import software.amazon.awssdk.services.lambda.model.VpcConfig;
import software.amazon.awssdk.services.lambda.model.VpcConfigResponse;

/**
 * The settings that are kept and shown as on AWS, but not acted upon: networks, dead letters and
 * keys; and what is checked of snapshots and file systems, which act.
 *
 * <p>There are no networks to look into, so every subnet is taken to be in the one network of its
 * account and region.
 */
final class KeptSettings {
  private static final int VPC_DIGITS = 17;
  private static final int STANDARD_EPHEMERAL_MB = 512;
  private static final Pattern DEAD_LETTERS =
      Pattern.compile("arn:(aws[a-zA-Z0-9-]*):(sqs|sns):[a-z0-9-]+:\\d{12}:[^:]+");

  /** Java 11 and later, Python 3.12 and later, .NET 8 and later. */
  private static final Pattern SNAPSHOTS =
      Pattern.compile(
          "java(1[1-9]|[2-9]\\d)(\\..*)?|python3\\.(1[2-9]|[2-9]\\d)|dotnet([89]|[1-9]\\d)(\\..*)?");

  private KeptSettings() {}

  /** Refuses what a request cannot mean. */
  static void check(UpdateFunctionConfigurationRequest settings) {
    DeadLetterConfig letters = settings.deadLetterConfig();
    if (letters != null
        && !isEmpty(letters.targetArn())
        && !DEAD_LETTERS.matcher(letters.targetArn()).matches()) {
      throw Errors.invalid(
          "The TargetArn of DeadLetterConfig must name an Amazon SQS queue or an Amazon SNS topic: "
              + letters.targetArn());
    }
  }

  /** Refuses settings that do not go together, in a function as it would be. */
  static void checkMerged(FunctionConfiguration function) {
    FileSystem.check(function);
    if (function.snapStart() == null
        || function.snapStart().applyOn() != SnapStartApplyOn.PUBLISHED_VERSIONS) {
      return;
    }
    if (Configurations.isPerTenant(function)) {
      throw Errors.invalid("SnapStart is not supported for functions with tenancy configuration.");
    }
    if (Configurations.isContainer(function)) {
      throw Errors.invalid("SnapStart is not available for functions with the package type Image.");
    }
    if (!function.fileSystemConfigs().isEmpty()) {
      throw Errors.invalid("SnapStart is not available for functions with file systems.");
    }
    if (!SNAPSHOTS.matcher(function.runtimeAsString()).matches()) {
      throw Errors.invalid(
          function.runtimeAsString() + " is not supported for SnapStart enabled functions.");
    }
    if (function.ephemeralStorage().size() > STANDARD_EPHEMERAL_MB) {
      throw Errors.invalid(
          "SnapStart is not available with more than "
              + STANDARD_EPHEMERAL_MB
              + " MB of ephemeral storage.");
    }
  }

  /** Says which of the settings that were accepted do not act. */
  static void tell(Notices notices, UpdateFunctionConfigurationRequest settings) {
    if (settings.vpcConfig() != null && !settings.vpcConfig().subnetIds().isEmpty()) {
      notices.tell("VpcConfig is kept and shown, but functions join no network yet.");
    }
    if (settings.deadLetterConfig() != null && !isEmpty(settings.deadLetterConfig().targetArn())) {
      notices.tell("DeadLetterConfig is kept and shown, but nothing is sent to its target yet.");
    }
    if (!isEmpty(settings.kmsKeyArn())) {
      notices.tell("KMSKeyArn is kept and shown, but nothing is encrypted with a key yet.");
    }
  }

  /** Takes over what the request names; an empty setting takes one away. */
  static void merge(
      FunctionKey key,
      FunctionConfiguration before,
      UpdateFunctionConfigurationRequest changes,
      FunctionConfiguration.Builder after) {
    if (changes.vpcConfig() != null) {
      after.vpcConfig(vpc(key, before.vpcConfig(), changes.vpcConfig()));
    }
    if (changes.deadLetterConfig() != null) {
      after.deadLetterConfig(
          isEmpty(changes.deadLetterConfig().targetArn()) ? null : changes.deadLetterConfig());
    }
    if (changes.kmsKeyArn() != null) {
      after.kmsKeyArn(changes.kmsKeyArn().isEmpty() ? null : changes.kmsKeyArn());
    }
    if (changes.hasFileSystemConfigs()) {
      after.fileSystemConfigs(
          changes.fileSystemConfigs().isEmpty() ? null : changes.fileSystemConfigs());
    }
    SnapStart snapshots = changes.snapStart();
    if (snapshots != null && snapshots.applyOnAsString() != null) {
      after.snapStart(s ->
          s.applyOn(snapshots.applyOnAsString())
              .optimizationStatus(SnapStartOptimizationStatus.OFF));
    }
  }

  private static VpcConfigResponse vpc(
      FunctionKey key, @Nullable VpcConfigResponse before, VpcConfig changes) {
    List<String> subnets =
        changes.hasSubnetIds() || before == null ? changes.subnetIds() : before.subnetIds();
    List<String> groups =
        changes.hasSecurityGroupIds() || before == null
            ? changes.securityGroupIds()
            : before.securityGroupIds();
    if (subnets.isEmpty() != groups.isEmpty()) {
      throw Errors.invalid("SubnetIds and SecurityGroupIds must coexist or be both empty list.");
    }
    boolean dual =
        changes.ipv6AllowedForDualStack() == null
            ? before != null && Boolean.TRUE.equals(before.ipv6AllowedForDualStack())
            : changes.ipv6AllowedForDualStack();
    // Lists of our own, for the SDK's own empty list counts as none.
    return VpcConfigResponse.builder()
        .subnetIds(new ArrayList<>(subnets))
        .securityGroupIds(new ArrayList<>(groups))
        .vpcId(subnets.isEmpty() ? "" : vpcId(key))
        .ipv6AllowedForDualStack(dual && !subnets.isEmpty())
        .build();
  }

  private static String vpcId(FunctionKey key) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256")
              .digest(("lambic vpc " + key.account() + " " + key.region()).getBytes(UTF_8));
      return "vpc-" + HexFormat.of().formatHex(digest).substring(0, VPC_DIGITS);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  private static boolean isEmpty(@Nullable String text) {
    return text == null || text.isEmpty();
  }
}
