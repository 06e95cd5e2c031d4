package dev.lambic.functions;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.lambda.model.LayerVersionsListItem;
import software.amazon.awssdk.services.lambda.model.LayersListItem;
import software.amazon.awssdk.services.lambda.model.ListLayerVersionsRequest;
import software.amazon.awssdk.services.lambda.model.ListLayerVersionsResponse;
import software.amazon.awssdk.services.lambda.model.ListLayersRequest;
import software.amazon.awssdk.services.lambda.model.ListLayersResponse;

/**
 * Pages of layers by their names, and of versions from the newest on. A marker names the last item
 * that was shown, so items that come and go between two pages neither hide nor repeat others.
 */
final class LayerPages {
  /** More is never given at once, whatever the caller asks for. */
  private static final int MAX_ITEMS = 50;

  private LayerPages() {}

  static ListLayersResponse page(List<LayerImage> layers, ListLayersRequest request) {
    List<LayersListItem> items = new ArrayList<>();
    for (LayerImage layer : layers) {
      List<LayerVersion> matching =
          matching(
              layer, request.compatibleRuntimeAsString(), request.compatibleArchitectureAsString());
      if (!matching.isEmpty()) {
        items.add(
            LayersListItem.builder()
                .layerName(layer.key().name())
                .layerArn(layer.key().arn())
                .latestMatchingVersion(item(layer.key(), matching.getFirst()))
                .build());
      }
    }
    if (request.marker() != null) {
      String last = decode(request.marker());
      items.removeIf(item -> item.layerName().compareTo(last) <= 0);
    }
    String next = cut(items, request.maxItems(), LayersListItem::layerName);
    return ListLayersResponse.builder().layers(items).nextMarker(next).build();
  }

  static ListLayerVersionsResponse page(
      @Nullable LayerImage layer, ListLayerVersionsRequest request) {
    List<LayerVersionsListItem> items = new ArrayList<>();
    if (layer != null) {
      matching(layer, request.compatibleRuntimeAsString(), request.compatibleArchitectureAsString())
          .forEach(version -> items.add(item(layer.key(), version)));
    }
    if (request.marker() != null) {
      long last = number(decode(request.marker()));
      items.removeIf(item -> item.version() >= last);
    }
    String next = cut(items, request.maxItems(), item -> item.version().toString());
    return ListLayerVersionsResponse.builder().layerVersions(items).nextMarker(next).build();
  }

  /** The versions that are there and match, from the newest on. */
  private static List<LayerVersion> matching(
      LayerImage layer, @Nullable String runtime, @Nullable String architecture) {
    return layer.versions().values().stream()
        .filter(version -> !version.deleted())
        .filter(version -> runtime == null || version.runtimes().contains(runtime))
        .filter(version -> architecture == null || version.architectures().contains(architecture))
        .sorted(Comparator.comparingLong(LayerVersion::number).reversed())
        .toList();
  }

  private static LayerVersionsListItem item(LayerKey key, LayerVersion version) {
    LayerVersionsListItem.Builder item =
        LayerVersionsListItem.builder()
            .layerVersionArn(key.arn(version.number()))
            .version(version.number())
            .description(version.description())
            .createdDate(version.created())
            .licenseInfo(version.license());
    if (!version.runtimes().isEmpty()) {
      item.compatibleRuntimesWithStrings(version.runtimes());
    }
    if (!version.architectures().isEmpty()) {
      item.compatibleArchitecturesWithStrings(version.architectures());
    }
    return item.build();
  }

  /** Leaves a page of the items; the marker of the next one, or null. */
  private static <T> @Nullable String cut(
      List<T> items, @Nullable Integer wanted, Function<T, String> name) {
    int size = wanted == null ? MAX_ITEMS : Math.min(wanted, MAX_ITEMS);
    if (items.size() <= size) {
      return null;
    }
    items.subList(size, items.size()).clear();
    return Base64.getUrlEncoder()
        .withoutPadding()
        .encodeToString(name.apply(items.getLast()).getBytes(UTF_8));
  }

  private static String decode(String marker) {
    try {
      return new String(Base64.getUrlDecoder().decode(marker), UTF_8);
    } catch (IllegalArgumentException e) {
      throw invalid(e);
    }
  }

  private static long number(String text) {
    try {
      return Long.parseLong(text);
    } catch (NumberFormatException e) {
      throw invalid(e);
    }
  }

  private static RuntimeException invalid(IllegalArgumentException cause) {
    RuntimeException error = Errors.invalid("Invalid marker");
    error.addSuppressed(cause);
    return error;
  }
}
