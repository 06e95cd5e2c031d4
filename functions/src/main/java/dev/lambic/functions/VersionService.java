package dev.lambic.functions;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import software.amazon.awssdk.services.lambda.model.FunctionConfiguration;
import software.amazon.awssdk.services.lambda.model.ListVersionsByFunctionRequest;
import software.amazon.awssdk.services.lambda.model.ListVersionsByFunctionResponse;
import software.amazon.awssdk.services.lambda.model.PublishVersionRequest;
import software.amazon.awssdk.services.lambda.model.PublishVersionResponse;

/** The operations on versions, for {@link FunctionService}, whose promises are theirs too. */
final class VersionService {
  private final Publisher publisher;
  private final Preparation preparation;
  private final FunctionRegistry registry;
  private final LayerRegistry layers;
  private final Lookup lookup;

  VersionService(
      Publisher publisher,
      Preparation preparation,
      FunctionRegistry registry,
      LayerRegistry layers) {
    this.publisher = publisher;
    this.preparation = preparation;
    this.registry = registry;
    this.layers = layers;
    this.lookup = new Lookup(registry);
  }

  PublishVersionResponse publish(PublishVersionRequest request) {
    Target target = Lookup.target("PublishVersion", request.functionName(), null).unqualified();
    Unsupported.check(request);
    FunctionImage after =
        Objects.requireNonNull(
            registry.change(
                target.key(),
                before -> {
                  FunctionImage current = Lookup.requireFunction(target, before);
                  Lookup.requireChangeable(current, request.revisionId());
                  FunctionConfiguration latest = current.latest();
                  String sha256 = request.codeSha256();
                  if (sha256 != null && !sha256.equals(latest.codeSha256())) {
                    throw Errors.otherCode(sha256, latest.codeSha256());
                  }
                  return Publisher.unchanged(current, latest) == null
                      ? publisher.publish(current, layers, request.description())
                      : current;
                }));
    FunctionConfiguration version =
        Objects.requireNonNull(after.versions().get(after.lastVersion()));
    if (Lifecycle.of(version) == Lifecycle.PENDING) {
      ImageSource image = after.images().get(version.version());
      if (image != null) {
        preparation.start(registry, target.key(), image);
      } else {
        preparation.start(registry, target.key(), version);
      }
    }
    return Shown.in(PublishVersionResponse.builder(), Shown.as(version, version.version()));
  }

  ListVersionsByFunctionResponse list(ListVersionsByFunctionRequest request) {
    Target target =
        Lookup.target("ListVersionsByFunction", request.functionName(), null).unqualified();
    FunctionImage function = lookup.require(target);
    List<FunctionConfiguration> behind = new ArrayList<>();
    if (request.marker() == null) {
      behind.addAll(function.all());
    } else {
      long last = Pages.lastNumber(request.marker());
      behind.addAll(function.versions().tailMap(last + 1).values());
    }
    Pages.Page<FunctionConfiguration> page =
        Pages.cut(behind, request.maxItems(), VersionService::number);
    return ListVersionsByFunctionResponse.builder()
        .versions(
            page.items().stream().map(version -> Shown.listed(version, version.version())).toList())
        .nextMarker(page.next())
        .build();
  }

  private static String number(FunctionConfiguration version) {
    return version.version().equals(FunctionVersion.LATEST) ? "0" : version.version();
  }
}
