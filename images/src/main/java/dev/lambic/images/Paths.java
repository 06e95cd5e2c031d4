package dev.lambic.images;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Paths that tars and symbolic links hold, as components. */
final class Paths {
  private static final int MAX_BYTES = 4095;
  private static final int MAX_COMPONENT = 255;
  private static final int MAX_COMPONENTS = 256;

  private Paths() {}

  /** The components of a path that must not lead upwards; a leading slash means nothing. */
  static List<String> downward(String path) throws IOException {
    List<String> components = components(path);
    if (components.contains("..")) {
      throw new IOException("a path leads out of the layer: " + Json.shortened(path));
    }
    return components;
  }

  /** The components but empty ones and dots. */
  static List<String> components(String path) throws IOException {
    if (path.getBytes(UTF_8).length > MAX_BYTES || path.indexOf('\0') >= 0) {
      throw new IOException("a path is too long or has a NUL: " + Json.shortened(path));
    }
    List<String> components = new ArrayList<>();
    for (String component : path.split("/", -1)) {
      if (component.getBytes(UTF_8).length > MAX_COMPONENT) {
        throw new IOException("a name is too long: " + Json.shortened(path));
      }
      if (!component.isEmpty() && !component.equals(".")) {
        components.add(component);
      }
    }
    if (components.size() > MAX_COMPONENTS) {
      throw new IOException("a path is too deep: " + Json.shortened(path));
    }
    return components;
  }
}
