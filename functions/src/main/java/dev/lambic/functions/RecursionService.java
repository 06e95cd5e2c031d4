package dev.lambic.functions;

import java.util.Objects;
import software.amazon.awssdk.services.lambda.model.GetFunctionRecursionConfigRequest;
import software.amazon.awssdk.services.lambda.model.GetFunctionRecursionConfigResponse;
import software.amazon.awssdk.services.lambda.model.PutFunctionRecursionConfigRequest;
import software.amazon.awssdk.services.lambda.model.PutFunctionRecursionConfigResponse;
import software.amazon.awssdk.services.lambda.model.RecursiveLoop;

/**
 * The operations on what is done about recursive loops, for {@link FunctionService}, whose promises
 * are theirs too.
 */
final class RecursionService {
  private final FunctionRegistry registry;

  RecursionService(FunctionRegistry registry) {
    this.registry = registry;
  }

  PutFunctionRecursionConfigResponse put(PutFunctionRecursionConfigRequest request) {
    Target target =
        Lookup.target("PutFunctionRecursionConfig", request.functionName(), null).unqualified();
    String wanted = request.recursiveLoopAsString();
    registry.change(
        target.key(),
        before -> {
          FunctionImage current = Lookup.requireFunction(target, before);
          return current.withAttachments(
              current.attachments().with(Kind.RECURSION, Attachments.FUNCTION, wanted));
        });
    return PutFunctionRecursionConfigResponse.builder().recursiveLoop(wanted).build();
  }

  GetFunctionRecursionConfigResponse get(GetFunctionRecursionConfigRequest request) {
    Target target =
        Lookup.target("GetFunctionRecursionConfig", request.functionName(), null).unqualified();
    FunctionImage function = Lookup.requireFunction(target, registry.find(target.key()));
    String set = function.attached(Kind.RECURSION, Attachments.FUNCTION);
    return GetFunctionRecursionConfigResponse.builder()
        .recursiveLoop(Objects.requireNonNullElse(set, RecursiveLoop.TERMINATE.toString()))
        .build();
  }
}
