package dev.lambic.functions;

import dev.lambic.wire.JsonCodec;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.SdkPojo;
import software.amazon.awssdk.services.lambda.model.FunctionConfiguration;
import software.amazon.awssdk.services.lambda.model.RuntimeVersionConfig;
import software.amazon.awssdk.utils.builder.SdkBuilder;

/** Configurations as answers show them. */
final class Shown {
  private Shown() {}

  /** With the ARN in the form in which the caller asked: qualified only if the request was. */
  static FunctionConfiguration as(FunctionConfiguration version, @Nullable String qualifier) {
    return qualifier == null
        ? version
        : version.toBuilder().functionArn(version.functionArn() + ":" + qualifier).build();
  }

  /** As an item of a list, which shows neither state nor runtime version. */
  static FunctionConfiguration listed(FunctionConfiguration version, @Nullable String qualifier) {
    return as(version, qualifier).toBuilder()
        .state((String) null)
        .stateReason(null)
        .stateReasonCode((String) null)
        .lastUpdateStatus((String) null)
        .lastUpdateStatusReason(null)
        .lastUpdateStatusReasonCode((String) null)
        .runtimeVersionConfig((RuntimeVersionConfig) null)
        .build();
  }

  /** The same members in a response class of its own, of which the SDK has one per operation. */
  static <T extends SdkPojo, B extends SdkPojo & SdkBuilder<B, T>> T in(B response, SdkPojo shown) {
    return JsonCodec.read(response, JsonCodec.write(shown));
  }
}
