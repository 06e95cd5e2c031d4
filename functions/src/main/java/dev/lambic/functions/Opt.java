package dev.lambic.functions;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

/**
 * What a function's environment sees as {@code /opt}: its layers, the later ones over the earlier.
 *
 * @param id the name of the merged tree in the {@link CodeStore}
 * @param parts the layers' packages in their order, at least one
 */
record Opt(String id, List<String> parts) {
  static Opt of(List<String> parts) {
    // One layer is its own merged tree.
    return new Opt(parts.size() == 1 ? parts.getFirst() : digest(parts), List.copyOf(parts));
  }

  private static String digest(List<String> parts) {
    try {
      String text = "lambic layers 1\n" + String.join("\n", parts);
      return HexFormat.of()
          .formatHex(MessageDigest.getInstance("SHA-256").digest(text.getBytes(UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
