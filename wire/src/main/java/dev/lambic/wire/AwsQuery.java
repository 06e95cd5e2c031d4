package dev.lambic.wire;

import dev.lambic.http.Headers;
import dev.lambic.http.HttpRequest;
import dev.lambic.kernel.Blame;
import dev.lambic.kernel.LambicException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.SdkPojo;
import software.amazon.awssdk.core.SdkRequest;

/**
 * awsQuery: the request is a form with dotted names, in the body or in the query of the address;
 * the answer is XML.
 *
 * <p>Follows "AWS Query protocol" of Smithy.
 *
 * @param data of the service, for its namespace and for the operations that answer nothing
 */
record AwsQuery(ConstraintData data) implements Protocol {
  private static final String FORM = "application/x-www-form-urlencoded";

  /** More than the longest request of the services that speak it. */
  private static final int MAX_FORM = 2 << 20;

  private static final int MAX_PARAMETERS = 10_000;

  private static final int MAX_NAME = 512;

  /** Nesting of shapes is bounded by it. */
  private static final int MAX_PARTS = 32;

  /** Of all names together, for each costs a hundred times what it is sent with. */
  private static final int MAX_NODES = 20_000;

  /** Part of a form: the value of a name, and what the names that go on from it hold. */
  private static final class Node {
    @Nullable String text;
    final Map<String, Node> children = new LinkedHashMap<>();

    /** Children by their numbers, in order. */
    List<Node> numbered() {
      TreeMap<Integer, Node> sorted = new TreeMap<>();
      children.forEach((name, child) -> {
        try {
          sorted.put(Integer.valueOf(name), child);
        } catch (NumberFormatException e) {
          throw Malformed.text(Kind.INTEGER, e);
        }
      });
      return new ArrayList<>(sorted.values());
    }
  }

  /** Whether the request has a form. */
  static boolean announced(HttpRequest request) {
    String type = request.headers().get("Content-Type");
    return request.rawPath().equals("/")
        && ((type != null && type.startsWith(FORM)) || request.rawQuery().contains("Action="));
  }

  /**
   * The form of a request: what is in its body, and what is in its address.
   *
   * @throws LambicException if it is larger than any that is meant
   */
  static QueryString form(HttpRequest request) {
    String body = body(request);
    String form = request.rawQuery().isEmpty() ? body : body + "&" + request.rawQuery();
    if (form.chars().filter(c -> c == '&').count() >= MAX_PARAMETERS) {
      throw Malformed.because("Too many parameters.", null);
    }
    return QueryString.parse(form);
  }

  /**
   * The first value of one parameter, or null; costs no more memory than the body, for it is asked
   * before anybody knows who sent the request.
   *
   * @throws LambicException if the form is larger than any that is meant
   */
  static @Nullable String parameter(HttpRequest request, String name) {
    String found = QueryString.find(body(request), name);
    return found == null ? QueryString.find(request.rawQuery(), name) : found;
  }

  private static String body(HttpRequest request) {
    if (request.body().length > MAX_FORM) {
      throw new LambicException(
          "RequestEntityTooLargeException",
          Blame.CALLER,
          "Request must be smaller than " + MAX_FORM + " bytes");
    }
    return new String(request.body(), StandardCharsets.UTF_8);
  }

  @Override
  public SdkRequest read(RouteTable.Match match, HttpRequest request) {
    SdkPojo builder = match.operation().newRequest().get();
    structure(tree(form(request)), builder);
    return (SdkRequest) SdkBinding.build(builder);
  }

  private static Node tree(QueryString form) {
    Node root = new Node();
    int nodes = 0;
    for (Map.Entry<String, String> parameter : form.firsts().entrySet()) {
      String name = parameter.getKey();
      String[] parts = name.length() > MAX_NAME ? new String[0] : name.split("\\.", MAX_PARTS + 1);
      if (parts.length == 0 || parts.length > MAX_PARTS) {
        throw Malformed.because("The name of a parameter is too long.", null);
      }
      Node node = root;
      for (String part : parts) {
        Node child = node.children.get(part);
        if (child == null) {
          if (++nodes > MAX_NODES) {
            throw Malformed.because("Too many parameters.", null);
          }
          child = new Node();
          node.children.put(part, child);
        }
        node = child;
      }
      node.text = parameter.getValue();
    }
    return root;
  }

  private static void structure(Node node, SdkPojo builder) {
    for (Member member : SdkBinding.structure(builder).members()) {
      Node child = node.children.get(member.wireName());
      Object value = child == null ? null : value(child, member);
      if (value != null) {
        member.set(builder, value);
      }
    }
  }

  private static @Nullable Object value(Node node, Member member) {
    return switch (member.kind()) {
      case STRUCTURE -> {
        SdkPojo builder = member.constructor().get();
        structure(node, builder);
        yield SdkBinding.build(builder);
      }
      case LIST -> {
        Member element = member.elementOf();
        List<Object> list = new ArrayList<>();
        for (Node each : elements(node, member, element.wireName())) {
          list.add(Objects.requireNonNullElse(value(each, element), ""));
        }
        yield list;
      }
      case MAP -> {
        Member element = member.elementOf();
        Map<String, Object> map = new LinkedHashMap<>();
        for (Node entry : elements(node, member, "entry")) {
          Node key = entry.children.get(member.keyName());
          Node held = entry.children.get(element.wireName());
          if (key == null || held == null) {
            throw Malformed.scalar();
          }
          map.put(
              Objects.requireNonNullElse(key.text, ""),
              Objects.requireNonNullElse(value(held, element), ""));
        }
        yield map;
      }
      default -> {
        if (!node.children.isEmpty()) {
          throw Malformed.structure();
        }
        yield node.text == null ? null : Scalars.parse(node.text, member, TimeFormat.ISO_8601);
      }
    };
  }

  /** What a list or map holds; an empty one is sent as an empty text. */
  private static List<Node> elements(Node node, Member member, String name) {
    if (node.children.isEmpty()) {
      if (node.text != null && !node.text.isEmpty()) {
        throw Malformed.scalar();
      }
      return List.of();
    }
    Node holder = member.flat() ? node : node.children.get(name);
    if (holder == null) {
      throw Malformed.structure();
    }
    return holder.numbered();
  }

  @Override
  public Answer write(SdkPojo response, int status, HttpRequest request, Headers headers) {
    String type = response.getClass().getSimpleName();
    String operation = type.substring(0, type.length() - "Response".length());
    Xml xml = new Xml().open(type, data.namespace());
    if (!data.silent().contains(operation)) {
      xml.open(operation + "Result");
      structure(response, xml);
      xml.close(operation + "Result");
    }
    xml.open("ResponseMetadata")
        .text("RequestId", Objects.requireNonNullElse(headers.get(ErrorFormat.REQUEST_ID), ""))
        .close("ResponseMetadata")
        .close(type);
    headers.add("Content-Type", "text/xml");
    return new Answer(status, headers, xml.bytes());
  }

  private static void structure(SdkPojo shape, Xml xml) {
    for (Member member : SdkBinding.structure(shape).members()) {
      Object value = member.get(shape);
      if (value != null) {
        write(member, member.wireName(), value, xml);
      }
    }
  }

  private static void write(Member member, String name, Object value, Xml xml) {
    switch (value) {
      case SdkPojo nested -> {
        xml.open(name);
        structure(nested, xml);
        xml.close(name);
      }
      case List<?> list -> {
        Member element = member.elementOf();
        if (!member.flat()) {
          xml.open(name);
        }
        for (Object each : list) {
          write(element, member.flat() ? name : element.wireName(), each, xml);
        }
        if (!member.flat()) {
          xml.close(name);
        }
      }
      case Map<?, ?> map -> {
        Member element = member.elementOf();
        if (!member.flat()) {
          xml.open(name);
        }
        map.forEach((key, held) -> {
          xml.open(member.flat() ? name : "entry").text(member.keyName(), String.valueOf(key));
          write(element, element.wireName(), held, xml);
          xml.close(member.flat() ? name : "entry");
        });
        if (!member.flat()) {
          xml.close(name);
        }
      }
      default -> xml.text(name, Scalars.text(member, value, TimeFormat.ISO_8601));
    }
  }
}
