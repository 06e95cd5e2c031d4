package dev.lambic.runtime;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Reads what a subscriber got. */
final class Events {
  private Events() {}

  /** The elements of a JSON array, each as its text. */
  static List<String> elements(String array) throws IOException {
    List<String> elements = new ArrayList<>();
    try (JsonParser parser = new JsonFactory().createParser(array)) {
      if (parser.nextToken() != JsonToken.START_ARRAY) {
        throw new IOException("no array: " + array);
      }
      while (parser.nextToken() != JsonToken.END_ARRAY) {
        int from = (int) parser.currentTokenLocation().getCharOffset();
        parser.skipChildren();
        elements.add(array.substring(from, (int) parser.currentLocation().getCharOffset()));
      }
    }
    return elements;
  }
}
