package dev.lambic.functions;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.lambic.wire.JsonCodec;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;
import software.amazon.awssdk.core.SdkPojo;
import software.amazon.awssdk.services.lambda.model.AliasConfiguration;
import software.amazon.awssdk.services.lambda.model.FunctionEventInvokeConfig;
import software.amazon.awssdk.services.lambda.model.FunctionUrlConfig;
import software.amazon.awssdk.services.lambda.model.GetRuntimeManagementConfigResponse;
import software.amazon.awssdk.services.lambda.model.ProvisionedConcurrencyConfigListItem;
import software.amazon.awssdk.utils.builder.SdkBuilder;

/**
 * What may be attached to a function, to one of its versions or to an alias; see {@link
 * Attachments}.
 *
 * <p>Whoever adds a kind adds it to {@link #ALL}, by which attachments are loaded.
 *
 * @param <T> the immutable type of the values, which has a sensible {@code equals}
 * @param record the kind of the records in the store; never changed
 * @param encode a value as a record's bytes
 * @param decode the value of a record's bytes
 */
record Kind<T>(String record, Function<T, byte[]> encode, Function<byte[], T> decode) {
  /** Aliases; attached to their own name. */
  static final Kind<AliasConfiguration> ALIAS =
      shape("function-alias", AliasConfiguration::builder);

  /** How many calls of the function may run at once; attached to the function. */
  static final Kind<Integer> RESERVED =
      new Kind<>(
          "function-reserved",
          value -> value.toString().getBytes(UTF_8),
          bytes -> Integer.valueOf(new String(bytes, UTF_8)));

  /** Environments made ahead; attached to versions and aliases. */
  static final Kind<ProvisionedConcurrencyConfigListItem> PROVISIONED =
      shape("function-provisioned", ProvisionedConcurrencyConfigListItem::builder);

  /** What asynchronous invocations do; attached to {@code $LATEST}, versions and aliases. */
  static final Kind<FunctionEventInvokeConfig> EVENT_INVOKE =
      shape("function-event-invoke", FunctionEventInvokeConfig::builder);

  /** Who else may use it; attached to the function, versions and aliases. */
  static final Kind<FunctionPolicy> POLICY =
      new Kind<>("function-policy", FunctionPolicy::encode, FunctionPolicy::decode);

  /** Function URLs, without their addresses; attached to the function and to aliases. */
  static final Kind<FunctionUrlConfig> URL = shape("function-url", FunctionUrlConfig::builder);

  /** What is done about recursive loops, in AWS's word; attached to the function. */
  static final Kind<String> RECURSION = text("function-recursion");

  /** How the runtime is updated; attached to {@code $LATEST} and to versions. */
  static final Kind<GetRuntimeManagementConfigResponse> RUNTIME_MANAGEMENT =
      shape("function-runtime-management", GetRuntimeManagementConfigResponse::builder);

  /** The ARN of a code signing configuration; attached to the function. */
  static final Kind<String> CODE_SIGNING = text("function-code-signing");

  /**
   * The description that {@code $LATEST} had when a version was published with another one;
   * attached to that version.
   */
  static final Kind<String> PUBLISHED_DESCRIPTION = text("function-published-description");

  /** What {@code $LATEST} runs while an update is not there; attached to {@code $LATEST}. */
  static final Kind<Former> FORMER = new Kind<>("function-former", Former::encode, Former::decode);

  /** All of them. */
  static final List<Kind<?>> ALL =
      List.of(
          ALIAS,
          RESERVED,
          PROVISIONED,
          EVENT_INVOKE,
          POLICY,
          URL,
          RECURSION,
          RUNTIME_MANAGEMENT,
          CODE_SIGNING,
          PUBLISHED_DESCRIPTION,
          FORMER);

  /** A kind whose values are shapes of AWS's service model. */
  static <T extends SdkPojo, B extends SdkPojo & SdkBuilder<B, T>> Kind<T> shape(
      String record, Supplier<B> builder) {
    return new Kind<>(record, JsonCodec::write, bytes -> JsonCodec.read(builder.get(), bytes));
  }

  private static Kind<String> text(String record) {
    return new Kind<>(record, value -> value.getBytes(UTF_8), bytes -> new String(bytes, UTF_8));
  }
}
