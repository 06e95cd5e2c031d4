package dev.lambic.functions;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.lambda.model.FunctionConfiguration;
import software.amazon.awssdk.services.lambda.model.FunctionVersion;
import software.amazon.awssdk.services.lambda.model.ListFunctionsRequest;
import software.amazon.awssdk.services.lambda.model.ListFunctionsResponse;

/**
 * ListFunctions' pages. A marker names the last item that was shown, so functions that come and go
 * between two pages neither hide nor repeat others.
 */
final class FunctionPages {
  /** More is never given at once, whatever the caller asks for. */
  private static final int MAX_ITEMS = 50;

  private record Item(String name, long number, FunctionConfiguration shown) {
    boolean isAfter(String otherName, long otherNumber) {
      int order = name.compareTo(otherName);
      return order > 0 || (order == 0 && number > otherNumber);
    }
  }

  private FunctionPages() {}

  static ListFunctionsResponse page(List<FunctionImage> functions, ListFunctionsRequest request) {
    boolean all = request.functionVersion() == FunctionVersion.ALL;
    int size = request.maxItems() == null ? MAX_ITEMS : Math.min(request.maxItems(), MAX_ITEMS);
    List<Item> items = new ArrayList<>();
    for (FunctionImage function : functions) {
      items.addAll(items(function, all));
    }
    if (request.marker() != null) {
      String[] last = decode(request.marker());
      long number = Long.parseLong(last[1]);
      items.removeIf(item -> !item.isAfter(last[0], number));
    }
    ListFunctionsResponse.Builder answer = ListFunctionsResponse.builder();
    if (items.size() > size) {
      items.subList(size, items.size()).clear();
      answer.nextMarker(encode(items.getLast()));
    }
    return answer.functions(items.stream().map(Item::shown).toList()).build();
  }

  private static List<Item> items(FunctionImage function, boolean all) {
    String name = function.key().name();
    if (!all) {
      return List.of(new Item(name, 0, Shown.listed(function.latest(), null)));
    }
    List<Item> items = new ArrayList<>();
    items.add(
        new Item(
            name, 0, Shown.listed(function.latest(), dev.lambic.functions.FunctionVersion.LATEST)));
    function
        .versions()
        .forEach((number, version) ->
            items.add(new Item(name, number, Shown.listed(version, version.version()))));
    return items;
  }

  private static String encode(Item last) {
    return Base64.getUrlEncoder()
        .withoutPadding()
        .encodeToString((last.name() + ":" + last.number()).getBytes(UTF_8));
  }

  private static String[] decode(String marker) {
    try {
      String[] parts = new String(Base64.getUrlDecoder().decode(marker), UTF_8).split(":", -1);
      if (parts.length == 2 && parts[1].matches("[0-9]{1,18}")) {
        return parts;
      }
    } catch (IllegalArgumentException e) {
      throw invalid(e);
    }
    throw invalid(null);
  }

  private static RuntimeException invalid(@Nullable IllegalArgumentException cause) {
    RuntimeException error = Errors.invalid("Invalid marker");
    if (cause != null) {
      error.addSuppressed(cause);
    }
    return error;
  }
}
