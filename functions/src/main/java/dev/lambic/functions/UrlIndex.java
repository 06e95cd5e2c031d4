package dev.lambic.functions;

import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.lambda.model.FunctionUrlConfig;

/** Which function or alias each id of a URL belongs to; follows the changes of functions. */
final class UrlIndex implements UrlDirectory {
  private record Place(FunctionKey key, String alias) {}

  private final Map<String, Place> places = new ConcurrentHashMap<>();
  private final Function<FunctionKey, @Nullable FunctionImage> functions;

  UrlIndex(Function<FunctionKey, @Nullable FunctionImage> functions) {
    this.functions = functions;
  }

  /** Told of each change, in order for each function. */
  void changed(@Nullable FunctionImage before, @Nullable FunctionImage after) {
    Set<String> old = before == null ? Set.of() : before.attachments().all(Kind.URL).keySet();
    Set<String> now = after == null ? Set.of() : after.attachments().all(Kind.URL).keySet();
    if (before != null) {
      for (String alias : old) {
        if (!now.contains(alias)) {
          places.remove(UrlId.of(before.key(), alias));
        }
      }
    }
    if (after != null) {
      for (String alias : now) {
        if (!old.contains(alias)) {
          places.put(UrlId.of(after.key(), alias), new Place(after.key(), alias));
        }
      }
    }
  }

  @Override
  public @Nullable Found find(String id) {
    Place place = places.get(id);
    FunctionImage function = place == null ? null : functions.apply(place.key());
    if (place == null || function == null) {
      return null;
    }
    FunctionUrlConfig config = function.attached(Kind.URL, place.alias());
    return config == null
        ? null
        : new Found(
            place.key().account(),
            place.key().region(),
            place.key().name(),
            place.alias().isEmpty() ? null : place.alias(),
            config,
            function.attached(Kind.POLICY, place.alias()));
  }
}
