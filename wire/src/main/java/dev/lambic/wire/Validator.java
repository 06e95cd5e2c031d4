package dev.lambic.wire;

import dev.lambic.kernel.Blame;
import dev.lambic.kernel.LambicException;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.core.SdkPojo;

/**
 * Checks a request against the limits of the service model, with AWS's texts.
 *
 * <p>All violations are reported together, in the order of the members. Of one value, the pattern
 * comes before the length, as recorded; of the elements of a collection, one sentence lists
 * everything that the model demands of them. A sensitive value is not repeated. Safe for use by
 * many threads.
 */
final class Validator {
  private static final int MAX_VIOLATIONS = 100;
  private static final int MAX_VALUE = 16 << 10;
  private static final String ONE_OF = "Member must satisfy enum value set";

  private final ConstraintData data;

  Validator(ConstraintData data) {
    this.data = data;
  }

  /**
   * Returns if the request keeps all limits.
   *
   * @throws LambicException a ValidationException if it does not, or the service's own error
   */
  void check(String operation, SdkPojo request) {
    Map<String, String> demands = data.structures().get(operation + "Request");
    if (demands == null) {
      return;
    }
    List<String> found = new ArrayList<>();
    structure(request, demands, "", found);
    if (!found.isEmpty()) {
      throw new LambicException(
          data.refusals().getOrDefault(operation, "ValidationException"),
          Blame.CALLER,
          found.size()
              + (found.size() == 1 ? " validation error" : " validation errors")
              + " detected: "
              + String.join("; ", found));
    }
  }

  private void structure(
      SdkPojo shape, Map<String, String> demands, String prefix, List<String> found) {
    Structure members = SdkBinding.structure(shape);
    for (Map.Entry<String, String> demand : demands.entrySet()) {
      Member member = members.byName().get(demand.getKey());
      if (member == null) {
        continue;
      }
      boolean required = demand.getValue().startsWith("!");
      String type = required ? demand.getValue().substring(1) : demand.getValue();
      String path = prefix + decapitalised(member.name());
      Object value = member.get(shape);
      if (value == null) {
        if (required) {
          report("null ", path, "Member must not be null", found);
        }
      } else {
        value(value, member, type, path, found);
      }
    }
  }

  private void value(Object value, Member member, String type, String path, List<String> found) {
    if (value instanceof SdkPojo nested) {
      Map<String, String> demands = data.structures().get(type);
      if (demands != null) {
        structure(nested, demands, path + '.', found);
      }
      return;
    }
    Limits limits = data.types().get(type);
    if (limits == null) {
      return;
    }
    for (String violation : violations(value, limits)) {
      report(rendered(value, limits), path, violation, found);
    }
    if (value instanceof List<?> list) {
      list(list, member, limits, path, found);
    } else if (value instanceof Map<?, ?> map) {
      map(map, member, limits, path, found);
    }
  }

  private void list(List<?> list, Member member, Limits limits, String path, List<String> found) {
    Kind kind = member.elementOf().kind();
    if (kind == Kind.STRUCTURE || kind == Kind.LIST || kind == Kind.MAP) {
      int index = 0;
      for (Object element : list) {
        index++;
        if (element != null) {
          value(
              element, member.elementOf(), limits.member(), path + '.' + index + ".member", found);
        }
      }
      return;
    }
    Limits each = data.types().getOrDefault(limits.member(), Limits.NONE);
    if (anyViolates(list, each, limits.notNull())) {
      report(
          rendered(list, limits),
          path,
          "Member must satisfy constraint: " + demands(each, limits.notNull()),
          found);
    }
  }

  private void map(Map<?, ?> map, Member member, Limits limits, String path, List<String> found) {
    Limits keys = data.types().getOrDefault(limits.key(), Limits.NONE);
    if (anyViolates(map.keySet(), keys, false)) {
      report(
          rendered(map, limits),
          path,
          "Map keys must satisfy constraint: " + demands(keys, false),
          found);
    }
    Kind kind = member.elementOf().kind();
    if (kind == Kind.STRUCTURE || kind == Kind.LIST || kind == Kind.MAP) {
      for (Map.Entry<?, ?> entry : map.entrySet()) {
        if (entry.getValue() != null) {
          value(
              entry.getValue(),
              member.elementOf(),
              limits.value(),
              path + '.' + entry.getKey() + ".member",
              found);
        }
      }
      return;
    }
    Limits values = data.types().getOrDefault(limits.value(), Limits.NONE);
    if (anyViolates(map.values(), values, limits.notNull())) {
      report(
          rendered(map, limits),
          path,
          "Map value must satisfy constraint: " + demands(values, limits.notNull()),
          found);
    }
  }

  private boolean anyViolates(Iterable<?> values, Limits limits, boolean notNull) {
    for (Object value : values) {
      if (value == null ? notNull : !violations(value, limits).isEmpty()) {
        return true;
      }
    }
    return false;
  }

  private List<String> violations(Object value, Limits limits) {
    List<String> broken = new ArrayList<>(0);
    if (value instanceof String text) {
      if (!limits.values().isEmpty() && !limits.values().contains(text)) {
        broken.add(data.terse() ? ONE_OF : ONE_OF + ": " + limits.values());
      }
      if (limits.pattern() != null && !limits.pattern().matches(text)) {
        broken.add(pattern(limits));
      }
      size(text.codePointCount(0, text.length()), limits, broken);
    } else if (value instanceof SdkBytes bytes) {
      size(bytes.asByteArrayUnsafe().length, limits, broken);
    } else if (value instanceof List<?> list) {
      size(list.size(), limits, broken);
    } else if (value instanceof Map<?, ?> map) {
      size(map.size(), limits, broken);
    } else if (value instanceof Number number) {
      if (limits.max() != null && compare(number, limits.max()) > 0) {
        broken.add(atMost("value", limits.max()));
      }
      if (limits.min() != null && compare(number, limits.min()) < 0) {
        broken.add(atLeast("value", limits.min()));
      }
    }
    return broken;
  }

  private static void size(int size, Limits limits, List<String> broken) {
    if (limits.max() != null && size > Long.parseLong(limits.max())) {
      broken.add(atMost("length", limits.max()));
    }
    if (limits.min() != null && size < Long.parseLong(limits.min())) {
      broken.add(atLeast("length", limits.min()));
    }
  }

  private static int compare(Number number, String limit) {
    if (number instanceof Double || number instanceof Float) {
      return Double.compare(number.doubleValue(), Double.parseDouble(limit));
    }
    return new BigDecimal(number.toString()).compareTo(new BigDecimal(limit));
  }

  /** Everything that is demanded of an element, in AWS's order. */
  private static String demands(Limits limits, boolean notNull) {
    List<String> all = new ArrayList<>();
    String what = limits.number() ? "value" : "length";
    if (limits.max() != null) {
      all.add(atMost(what, limits.max()));
    }
    if (limits.min() != null) {
      all.add(atLeast(what, limits.min()));
    }
    if (limits.pattern() != null) {
      all.add(pattern(limits));
    }
    if (!limits.values().isEmpty()) {
      all.add(ONE_OF + ": " + limits.values());
    }
    if (notNull) {
      all.add("Member must not be null");
    }
    return all.toString();
  }

  private static String pattern(Limits limits) {
    return "Member must satisfy regular expression pattern: " + limits.pattern();
  }

  private static String atMost(String what, String limit) {
    return "Member must have " + what + " less than or equal to " + limit;
  }

  private static String atLeast(String what, String limit) {
    return "Member must have " + what + " greater than or equal to " + limit;
  }

  /** The value as AWS prints it, or nothing if it is sensitive. */
  private String rendered(Object value, Limits limits) {
    if (limits.sensitive() || data.terse()) {
      return "";
    }
    String text = value.toString();
    return "'" + (text.length() <= MAX_VALUE ? text : text.substring(0, MAX_VALUE) + "...") + "' ";
  }

  private static void report(String value, String path, String violation, List<String> found) {
    if (found.size() < MAX_VIOLATIONS) {
      found.add("Value " + value + "at '" + path + "' failed to satisfy constraint: " + violation);
    }
  }

  private static String decapitalised(String name) {
    return name.substring(0, 1).toLowerCase(Locale.ROOT) + name.substring(1);
  }
}
