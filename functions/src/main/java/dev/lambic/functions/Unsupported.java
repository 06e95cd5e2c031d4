package dev.lambic.functions;

import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.lambda.model.CreateFunctionRequest;
import software.amazon.awssdk.services.lambda.model.FunctionCode;
import software.amazon.awssdk.services.lambda.model.PublishVersionRequest;
import software.amazon.awssdk.services.lambda.model.UpdateFunctionCodeRequest;
import software.amazon.awssdk.services.lambda.model.UpdateFunctionConfigurationRequest;

/**
 * The settings that Lambic does not honour yet, and therefore refuses instead of keeping them
 * without effect. A setting that means AWS's default is no setting. Whoever builds one deletes its
 * line here.
 */
final class Unsupported {
  private record Rule<R>(String setting, Predicate<R> used) {}

  private static final List<Rule<UpdateFunctionConfigurationRequest>> CONFIGURATION =
      List.of(
          new Rule<>("CapacityProviderConfig", r -> r.capacityProviderConfig() != null),
          new Rule<>("DurableConfig", r -> r.durableConfig() != null));

  private static final List<Rule<CreateFunctionRequest>> CREATE =
      List.of(new Rule<>("PublishTo", r -> r.publishToAsString() != null));

  private static final List<Rule<FunctionCode>> CODE =
      List.of(new Rule<>("SourceKMSKeyArn", c -> used(c.sourceKMSKeyArn())));

  private static final List<Rule<UpdateFunctionCodeRequest>> UPDATE_CODE =
      List.of(new Rule<>("PublishTo", r -> r.publishToAsString() != null));

  private static final List<Rule<PublishVersionRequest>> PUBLISH =
      List.of(new Rule<>("PublishTo", r -> r.publishToAsString() != null));

  private Unsupported() {}

  static void check(UpdateFunctionConfigurationRequest request) {
    check(CONFIGURATION, request);
  }

  static void check(CreateFunctionRequest request) {
    check(CREATE, request);
  }

  static void check(FunctionCode code) {
    check(CODE, code);
  }

  static void check(UpdateFunctionCodeRequest request) {
    check(UPDATE_CODE, request);
  }

  static void check(PublishVersionRequest request) {
    check(PUBLISH, request);
  }

  private static <R> void check(List<Rule<R>> rules, R request) {
    for (Rule<R> rule : rules) {
      if (rule.used().test(request)) {
        throw Errors.invalid("Lambic does not support " + rule.setting() + " yet.");
      }
    }
  }

  private static boolean used(@Nullable String text) {
    return text != null && !text.isEmpty();
  }
}
