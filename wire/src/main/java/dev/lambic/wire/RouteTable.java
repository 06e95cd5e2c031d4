package dev.lambic.wire;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Finds the operation that a request's method and address, its X-Amz-Target or its form's Action
 * stands for.
 *
 * <p>A literal segment goes before a label, and a label before one that takes the whole rest. A
 * slash at the end makes no difference. Immutable.
 */
final class RouteTable {
  /** An operation and how to find its labels in a path. */
  record Route(Operation operation, List<String> segments, Map<String, String> demanded) {
    boolean greedyEnd() {
      return !segments.isEmpty() && segments.getLast().endsWith("+}");
    }
  }

  /** A route, and the raw segments of the path that led to it and whether a slash follows them. */
  record Match(Route route, List<String> path, boolean slash) {
    Operation operation() {
      return route.operation;
    }

    /** The decoded value of the label, or null. */
    @Nullable String label(String name) {
      for (int i = 0; i < route.segments.size(); i++) {
        String segment = route.segments.get(i);
        if (isLabel(segment)) {
          boolean greedy = segment.endsWith("+}");
          int end = segment.length() - (greedy ? 2 : 1);
          if (end - 1 == name.length() && segment.startsWith(name, 1)) {
            return greedy
                ? Percent.decode(
                    String.join("/", path.subList(i, path.size())) + (slash ? "/" : ""), false)
                : Percent.decode(path.get(i), false);
          }
        }
      }
      return null;
    }
  }

  private static final class Node {
    final Map<String, Node> literals = new HashMap<>();
    final Map<String, List<Route>> ends = new HashMap<>();
    final Map<String, List<Route>> greedyEnds = new HashMap<>();
    @Nullable Node label;
  }

  private final Node root = new Node();
  private final Map<String, Operation> targets = new HashMap<>();
  private final Map<String, Operation> actions = new HashMap<>();

  RouteTable(List<Operation> operations) {
    for (Operation operation : operations) {
      if (operation.target() == null) {
        add(operation);
      } else if (operation.version() == null) {
        targets.put(operation.target(), operation);
      } else {
        actions.put(operation.target(), operation);
      }
    }
  }

  private void add(Operation operation) {
    String uri = operation.uri();
    int question = uri.indexOf('?');
    QueryString query = QueryString.parse(question < 0 ? "" : uri.substring(question + 1));
    Map<String, String> demanded = new HashMap<>();
    for (String name : query.names()) {
      demanded.put(name, java.util.Objects.requireNonNullElse(query.get(name), ""));
    }
    Route route =
        new Route(
            operation,
            segments(question < 0 ? uri : uri.substring(0, question)),
            Map.copyOf(demanded));
    Node node = root;
    for (String segment : route.segments()) {
      if (segment.endsWith("+}")) {
        continue;
      }
      if (isLabel(segment)) {
        if (node.label == null) {
          node.label = new Node();
        }
        node = node.label;
      } else {
        node = node.literals.computeIfAbsent(segment, s -> new Node());
      }
    }
    List<Route> routes =
        (route.greedyEnd() ? node.greedyEnds : node.ends)
            .computeIfAbsent(operation.httpMethod(), m -> new ArrayList<>());
    routes.add(route);
    // What demands most comes first, so that it is not hidden by what demands nothing.
    routes.sort(Comparator.comparingInt((Route r) -> r.demanded().size()).reversed());
  }

  private static boolean isLabel(String segment) {
    return segment.startsWith("{");
  }

  /** The match for the address, or null. */
  @Nullable Match match(String method, String target) {
    int question = target.indexOf('?');
    String rawPath = question < 0 ? target : target.substring(0, question);
    List<String> path = segments(rawPath);
    Route route = find(root, path, 0, method, question < 0 ? "" : target.substring(question + 1));
    return route == null ? null : new Match(route, path, rawPath.endsWith("/"));
  }

  /** The match for the value of X-Amz-Target, or null. */
  @Nullable Match match(String amzTarget) {
    return named(targets.get(amzTarget));
  }

  /** Whether operations are told by a form's Action. */
  boolean hasActions() {
    return !actions.isEmpty();
  }

  /**
   * The match for the value of a form's Action, or null.
   *
   * @param version of the interface that is meant; null if the form does not say
   */
  @Nullable Match action(String action, @Nullable String version) {
    Operation operation = actions.get(action);
    return operation == null || (version != null && !version.equals(operation.version()))
        ? null
        : named(operation);
  }

  private static @Nullable Match named(@Nullable Operation operation) {
    return operation == null
        ? null
        : new Match(new Route(operation, List.of(), Map.of()), List.of(), false);
  }

  private static @Nullable Route find(
      Node node, List<String> path, int depth, String method, String query) {
    if (depth == path.size()) {
      return end(node.ends.get(method), query);
    }
    String segment = path.get(depth);
    Node literal = node.literals.get(segment);
    Route found = literal == null ? null : find(literal, path, depth + 1, method, query);
    if (found == null && node.label != null && !segment.isEmpty()) {
      found = find(node.label, path, depth + 1, method, query);
    }
    return found == null ? end(node.greedyEnds.get(method), query) : found;
  }

  private static @Nullable Route end(@Nullable List<Route> routes, String query) {
    if (routes == null) {
      return null;
    }
    QueryString parsed = null;
    for (Route route : routes) {
      boolean all = true;
      for (Map.Entry<String, String> demand : route.demanded().entrySet()) {
        if (parsed == null) {
          parsed = QueryString.parse(query);
        }
        all &= demand.getValue().equals(parsed.get(demand.getKey()));
      }
      if (all) {
        return route;
      }
    }
    return null;
  }

  private static List<String> segments(String path) {
    List<String> segments = new ArrayList<>(8);
    int start = path.startsWith("/") ? 1 : 0;
    while (start < path.length()) {
      int end = path.indexOf('/', start);
      if (end < 0) {
        end = path.length();
      }
      segments.add(path.substring(start, end));
      start = end + 1;
    }
    return segments;
  }
}
