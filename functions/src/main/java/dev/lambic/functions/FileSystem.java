package dev.lambic.functions;

import java.util.List;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import software.amazon.awssdk.services.lambda.model.FileSystemConfig;
import software.amazon.awssdk.services.lambda.model.FunctionConfiguration;

/**
 * An access point of Amazon EFS that a function sees as a directory.
 *
 * <p>Follows "Configuring file system access for Lambda functions" of the Lambda developer guide.
 * There is no EFS to look into, so every access point of the function's own account and region is
 * taken to be there; those of others are nobody's to give.
 *
 * @param arn as configured
 * @param account of the access point, twelve digits
 * @param region of the access point
 * @param accessPoint its name, {@code fsap-} and 17 hexadecimal digits
 * @param mountPath where it is seen, a name below {@code /mnt}
 */
public record FileSystem(
    String arn, String account, String region, String accessPoint, String mountPath) {
  private static final Pattern ARN =
      Pattern.compile(
          "arn:aws[a-zA-Z-]*:elasticfilesystem:([a-z0-9-]+):(\\d{12}):access-point/"
              + "(fsap-[a-f0-9]{17})");
  private static final Pattern S3_FILES = Pattern.compile("arn:aws[-a-z]*:s3files:.*");
  private static final Pattern MOUNT_PATH = Pattern.compile("/mnt/[a-zA-Z0-9-_.]+");
  private static final int REGION_OF_ARN = 3;
  private static final int ACCOUNT_OF_ARN = 4;

  /** Those of a version, which were checked. */
  static List<FileSystem> of(FunctionConfiguration version) {
    return version.fileSystemConfigs().stream().map(FileSystem::of).toList();
  }

  /** Refuses those of a function, as it would be, that it cannot have. */
  static void check(FunctionConfiguration function) {
    List<FileSystem> all = of(function);
    for (FileSystem each : all) {
      String[] owner = function.functionArn().split(":", -1);
      if (!each.region.equals(owner[REGION_OF_ARN])
          || !each.account.equals(owner[ACCOUNT_OF_ARN])) {
        throw Errors.invalid(
            "The access point "
                + each.arn
                + " must be in the account and the region of the function.");
      }
      if (function.vpcConfig() == null || function.vpcConfig().subnetIds().isEmpty()) {
        throw Errors.invalid(
            "Function must be configured to execute in a VPC to reference access point "
                + each.arn
                + ". Please update the function configuration to include VPC subnets and security"
                + " groups.");
      }
    }
    if (all.stream().map(FileSystem::mountPath).distinct().count() < all.size()) {
      throw Errors.invalid("Each LocalMountPath can be that of one file system only.");
    }
  }

  private static FileSystem of(FileSystemConfig config) {
    String arn = Objects.requireNonNullElse(config.arn(), "");
    if (S3_FILES.matcher(arn).matches()) {
      throw Errors.invalid(
          "Lambic does not support access points of Amazon S3 Files in FileSystemConfigs yet.");
    }
    Matcher parts = ARN.matcher(arn);
    if (!parts.matches()) {
      throw Errors.pattern(arn, "fileSystemConfigs.1.member.arn", ARN.pattern());
    }
    String path = Objects.requireNonNullElse(config.localMountPath(), "");
    // The pattern of AWS's model lets these two pass, which are other directories.
    boolean dots = path.equals("/mnt/.") || path.equals("/mnt/..");
    if (dots || !MOUNT_PATH.matcher(path).matches()) {
      throw Errors.pattern(path, "fileSystemConfigs.1.member.localMountPath", MOUNT_PATH.pattern());
    }
    return new FileSystem(arn, parts.group(2), parts.group(1), parts.group(3), path);
  }
}
