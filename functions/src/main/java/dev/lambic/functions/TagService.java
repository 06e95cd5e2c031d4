package dev.lambic.functions;

import dev.lambic.wire.Caller;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import software.amazon.awssdk.services.lambda.model.ListTagsRequest;
import software.amazon.awssdk.services.lambda.model.ListTagsResponse;
import software.amazon.awssdk.services.lambda.model.TagResourceRequest;
import software.amazon.awssdk.services.lambda.model.TagResourceResponse;
import software.amazon.awssdk.services.lambda.model.UntagResourceRequest;
import software.amazon.awssdk.services.lambda.model.UntagResourceResponse;

/** The operations on tags, for {@link FunctionService}, whose promises are theirs too. */
final class TagService {
  private final FunctionRegistry registry;
  private final Configurations configurations;

  TagService(FunctionRegistry registry, Configurations configurations) {
    this.registry = registry;
    this.configurations = configurations;
  }

  ListTagsResponse list(ListTagsRequest request) {
    FunctionKey key = tagged(request.resource());
    FunctionImage function = registry.find(key);
    if (function == null) {
      throw Errors.functionNotFound(key.arn());
    }
    return ListTagsResponse.builder().tags(function.tags()).build();
  }

  TagResourceResponse tag(TagResourceRequest request) {
    FunctionKey key = tagged(request.resource());
    if (request.tags().isEmpty()) {
      throw Errors.invalid("An error occurred and the request cannot be processed.");
    }
    changeTags(key, tags -> tags.putAll(request.tags()));
    return TagResourceResponse.builder().build();
  }

  UntagResourceResponse untag(UntagResourceRequest request) {
    FunctionKey key = tagged(request.resource());
    changeTags(key, tags -> request.tagKeys().forEach(tags::remove));
    return UntagResourceResponse.builder().build();
  }

  private void changeTags(FunctionKey key, Consumer<Map<String, String>> change) {
    registry.change(
        key,
        before -> {
          if (before == null) {
            throw Errors.functionNotFound(key.arn());
          }
          Map<String, String> tags = new LinkedHashMap<>(before.tags());
          change.accept(tags);
          Tags.checkNumber(tags);
          return tags.equals(before.tags())
              ? before
              : before.withTags(tags).withLatest(configurations.revised(before.latest()));
        });
  }

  private static FunctionKey tagged(String resource) {
    Caller caller = Caller.current();
    return Tags.function(caller.account(), caller.region(), resource);
  }
}
