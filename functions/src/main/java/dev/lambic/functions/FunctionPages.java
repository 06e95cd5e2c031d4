package dev.lambic.functions;

import java.util.Collection;
import java.util.List;
import java.util.stream.Stream;
import software.amazon.awssdk.services.lambda.model.FunctionConfiguration;
import software.amazon.awssdk.services.lambda.model.FunctionVersion;
import software.amazon.awssdk.services.lambda.model.ListFunctionsRequest;
import software.amazon.awssdk.services.lambda.model.ListFunctionsResponse;

/**
 * ListFunctions' pages. A page costs what it shows, however many functions there are; its marker is
 * the name and the version's number of the last item, with 0 for {@code $LATEST}.
 */
final class FunctionPages {
  private record Item(String name, long number, FunctionConfiguration shown) {}

  private FunctionPages() {}

  static ListFunctionsResponse page(
      FunctionRegistry registry, String account, String region, ListFunctionsRequest request) {
    String[] last = request.marker() == null ? new String[] {"", "0"} : last(request.marker());
    long number = Long.parseLong(last[1]);
    Collection<FunctionImage> functions = registry.listFrom(account, region, last[0]);
    Stream<Item> items =
        request.functionVersion() == FunctionVersion.ALL
            ? functions.stream().flatMap(function -> versions(function, last[0], number))
            : functions.stream()
                .filter(function -> !function.key().name().equals(last[0]))
                .map(FunctionPages::latest);
    Pages.Page<Item> page =
        Pages.cut(
            items.limit(Pages.MAX_ITEMS + 1L).toList(),
            request.maxItems(),
            item -> item.name() + ":" + item.number());
    return ListFunctionsResponse.builder()
        .functions(page.items().stream().map(Item::shown).toList())
        .nextMarker(page.next())
        .build();
  }

  private static Item latest(FunctionImage function) {
    return new Item(function.key().name(), 0, Shown.listed(function.latest(), null));
  }

  /** All versions of the function, or those behind the one that was shown last. */
  private static Stream<Item> versions(FunctionImage function, String lastName, long lastNumber) {
    String name = function.key().name();
    long after = name.equals(lastName) ? lastNumber : -1;
    Stream<FunctionConfiguration> all =
        Stream.concat(
            after < 0 ? Stream.of(function.latest()) : Stream.empty(),
            function.versions().tailMap(after + 1).values().stream());
    return all.map(version ->
        new Item(name, number(version.version()), Shown.listed(version, version.version())));
  }

  private static long number(String version) {
    return version.equals(dev.lambic.functions.FunctionVersion.LATEST)
        ? 0
        : Long.parseLong(version);
  }

  private static String[] last(String marker) {
    List<String> parts = List.of(Pages.last(marker).split(":", -1));
    if (parts.size() != 2 || !parts.getLast().matches("[0-9]{1,18}")) {
      throw Pages.invalid(null);
    }
    return parts.toArray(String[]::new);
  }
}
