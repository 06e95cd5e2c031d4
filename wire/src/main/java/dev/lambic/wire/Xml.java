package dev.lambic.wire;

import java.nio.charset.StandardCharsets;

/** An XML document while it is written. For use by one thread. */
final class Xml {
  private final StringBuilder out = new StringBuilder(512);

  /** Begins with the declaration. */
  Xml() {
    out.append("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
  }

  /** The outermost element. */
  Xml open(String name, String namespace) {
    out.append('<').append(name).append(" xmlns=\"").append(namespace).append("\">");
    return this;
  }

  Xml open(String name) {
    out.append('<').append(name).append('>');
    return this;
  }

  Xml close(String name) {
    out.append("</").append(name).append('>');
    return this;
  }

  /** An element that holds only text. */
  Xml text(String name, String text) {
    return open(name).append(text).close(name);
  }

  private Xml append(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '&' -> out.append("&amp;");
        case '<' -> out.append("&lt;");
        case '>' -> out.append("&gt;");
        // Otherwise readers turn it into a line feed.
        case '\r' -> out.append("&#xD;");
        case '\t', '\n' -> out.append(c);
        // XML has no way to say others of these.
        default -> out.append(c < ' ' || c == 0xfffe || c == 0xffff ? '\ufffd' : c);
      }
    }
    return this;
  }

  byte[] bytes() {
    return out.toString().getBytes(StandardCharsets.UTF_8);
  }
}
