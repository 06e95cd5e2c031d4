package dev.lambic.functions;

import dev.lambic.wire.Caller;
import java.util.List;
import software.amazon.awssdk.services.lambda.model.FunctionCodeLocation;
import software.amazon.awssdk.services.lambda.model.FunctionConfiguration;
import software.amazon.awssdk.services.lambda.model.GetAccountSettingsRequest;
import software.amazon.awssdk.services.lambda.model.GetAccountSettingsResponse;
import software.amazon.awssdk.services.lambda.model.GetFunctionConfigurationRequest;
import software.amazon.awssdk.services.lambda.model.GetFunctionConfigurationResponse;
import software.amazon.awssdk.services.lambda.model.GetFunctionRequest;
import software.amazon.awssdk.services.lambda.model.GetFunctionResponse;
import software.amazon.awssdk.services.lambda.model.ListFunctionsRequest;
import software.amazon.awssdk.services.lambda.model.ListFunctionsResponse;

/** The operations that show functions, for {@link FunctionService}. They work in memory. */
final class FunctionReads {
  private final int concurrency;
  private final CodeDownloads downloads;
  private final FunctionRegistry registry;
  private final CodeUsage usage;
  private final Lookup lookup;

  FunctionReads(
      int concurrency, CodeDownloads downloads, FunctionRegistry registry, CodeUsage usage) {
    this.concurrency = concurrency;
    this.downloads = downloads;
    this.registry = registry;
    this.usage = usage;
    this.lookup = new Lookup(registry);
  }

  GetFunctionResponse get(GetFunctionRequest request) {
    Target target = Lookup.target("GetFunction", request.functionName(), request.qualifier());
    FunctionImage function = lookup.require(target);
    FunctionConfiguration version = Lookup.requireVersion(target, function);
    GetFunctionResponse.Builder answer =
        GetFunctionResponse.builder()
            .configuration(Shown.as(version, target.qualifier()))
            .code(location(function, version));
    if (!function.tags().isEmpty()) {
      answer.tags(function.tags());
    }
    Integer reserved = function.attached(Kind.RESERVED, Attachments.FUNCTION);
    if (reserved != null) {
      answer.concurrency(c -> c.reservedConcurrentExecutions(reserved));
    }
    return answer.build();
  }

  private FunctionCodeLocation location(FunctionImage function, FunctionConfiguration version) {
    ImageSource image = function.images().get(version.version());
    return image != null
        ? image.location()
        : FunctionCodeLocation.builder()
            .repositoryType("S3")
            .location(downloads.link(Configurations.codeId(version)))
            .build();
  }

  GetFunctionConfigurationResponse getConfiguration(GetFunctionConfigurationRequest request) {
    Target target =
        Lookup.target("GetFunctionConfiguration", request.functionName(), request.qualifier());
    FunctionConfiguration version = Lookup.requireVersion(target, lookup.require(target));
    return Shown.in(
        GetFunctionConfigurationResponse.builder(), Shown.as(version, target.qualifier()));
  }

  ListFunctionsResponse list(ListFunctionsRequest request) {
    if (request.masterRegion() != null) {
      throw Errors.invalid("Lambic does not support MasterRegion yet.");
    }
    Caller caller = Caller.current();
    return FunctionPages.page(registry, caller.account(), caller.region(), request);
  }

  GetAccountSettingsResponse accountSettings(GetAccountSettingsRequest request) {
    Caller caller = Caller.current();
    List<FunctionImage> functions = registry.list(caller.account(), caller.region());
    long size = usage.bytes(caller.account(), caller.region());
    int reserved = 0;
    for (FunctionImage function : functions) {
      Integer own = function.attached(Kind.RESERVED, Attachments.FUNCTION);
      reserved += own == null ? 0 : own;
    }
    int unreserved = concurrency - reserved;
    return GetAccountSettingsResponse.builder()
        .accountLimit(limit ->
            limit
                .totalCodeSize(usage.limit())
                .codeSizeUnzipped(Unzip.MAX_BYTES)
                .codeSizeZipped((long) PackageSource.MAX_ZIP_BYTES)
                .concurrentExecutions(concurrency)
                .unreservedConcurrentExecutions(unreserved))
        .accountUsage(usage -> usage.totalCodeSize(size).functionCount((long) functions.size()))
        .build();
  }
}
