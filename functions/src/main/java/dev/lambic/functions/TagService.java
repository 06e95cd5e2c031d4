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

/**
 * The operations on tags of functions, event source mappings and code signing configurations, for
 * {@link FunctionService}, whose promises are theirs too.
 */
final class TagService {
  private final FunctionRegistry registry;
  private final MappingService mappings;
  private final SigningService signing;
  private final Configurations configurations;

  TagService(
      FunctionRegistry registry,
      MappingService mappings,
      SigningService signing,
      Configurations configurations) {
    this.registry = registry;
    this.mappings = mappings;
    this.signing = signing;
    this.configurations = configurations;
  }

  ListTagsResponse list(ListTagsRequest request) {
    String arn = request.resource();
    return ListTagsResponse.builder()
        .tags(
            switch (tagged(arn)) {
              case Tags.Function(FunctionKey key) -> tags(key);
              case Tags.Mapping(OwnedKey key) -> mappings.tags(key, arn);
              case Tags.Signing(OwnedKey key) -> signing.tags(key, arn);
            })
        .build();
  }

  private Map<String, String> tags(FunctionKey key) {
    FunctionImage function = registry.find(key);
    if (function == null) {
      throw Errors.functionNotFound(key.arn());
    }
    return function.tags();
  }

  TagResourceResponse tag(TagResourceRequest request) {
    Tags.Resource resource = tagged(request.resource());
    if (request.tags().isEmpty()) {
      throw Errors.invalid("An error occurred and the request cannot be processed.");
    }
    changeTags(resource, request.resource(), tags -> tags.putAll(request.tags()));
    return TagResourceResponse.builder().build();
  }

  UntagResourceResponse untag(UntagResourceRequest request) {
    Tags.Resource resource = tagged(request.resource());
    changeTags(resource, request.resource(), tags -> request.tagKeys().forEach(tags::remove));
    return UntagResourceResponse.builder().build();
  }

  private void changeTags(
      Tags.Resource resource, String arn, Consumer<Map<String, String>> change) {
    switch (resource) {
      case Tags.Function(FunctionKey key) -> changeTags(key, change);
      case Tags.Mapping(OwnedKey key) -> mappings.changeTags(key, arn, change);
      case Tags.Signing(OwnedKey key) -> signing.changeTags(key, arn, change);
    }
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

  private static Tags.Resource tagged(String resource) {
    Caller caller = Caller.current();
    return Tags.resource(caller.account(), caller.region(), resource);
  }
}
