package dev.lambic.fronts;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.lambic.http.Headers;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a function means by its result: a status, headers and a body. Follows "Response payload
 * format" of "Invoking Lambda function URLs".
 */
// Never compared, and a copy of every answer would be paid on the hot path.
@SuppressWarnings("ArrayRecordComponent")
record UrlReply(int status, Headers headers, byte[] body) {
  private static final JsonFactory JSON = new JsonFactory();

  /** They are about one connection, which is not the function's. */
  private static final Set<String> OF_CONNECTION =
      Set.of(
          "connection",
          "content-length",
          "keep-alive",
          "proxy-authenticate",
          "te",
          "trailer",
          "transfer-encoding",
          "upgrade");

  /** The result cannot be meant for a client. */
  static final class Malformed extends Exception {
    private static final long serialVersionUID = 1L;

    Malformed(String message) {
      super(message);
    }
  }

  /** The reply that a whole result is: one with a status, or any JSON value for the client. */
  static UrlReply of(byte[] result) throws Malformed {
    try (JsonParser json = JSON.createParser(result)) {
      JsonToken first = json.nextToken();
      if (first == JsonToken.VALUE_STRING) {
        return plain(json.getText().getBytes(StandardCharsets.UTF_8));
      }
      Reader reader = new Reader();
      if (first != JsonToken.START_OBJECT || !reader.read(json)) {
        return plain(result);
      }
      return reader.reply();
    } catch (IOException e) {
      throw malformed(e);
    }
  }

  /** The status and headers of a streamed result, which come before its body. */
  static UrlReply ofPrelude(byte[] prelude) throws Malformed {
    try (JsonParser json = JSON.createParser(prelude)) {
      Reader reader = new Reader();
      if (json.nextToken() != JsonToken.START_OBJECT) {
        throw new Malformed("the metadata of the response are no JSON object");
      }
      if (!reader.read(json)) {
        reader.status = 200;
      }
      reader.body = "";
      return reader.reply();
    } catch (IOException e) {
      throw malformed(e);
    }
  }

  private static UrlReply plain(byte[] body) {
    return new UrlReply(200, Headers.of("Content-Type", "application/json"), body);
  }

  private static Malformed malformed(IOException cause) {
    Malformed malformed = new Malformed("not JSON: " + cause.getMessage());
    malformed.initCause(cause);
    return malformed;
  }

  /** The members of a reply as they are read. */
  private static final class Reader {
    private final Headers headers = Headers.empty();
    private @Nullable Integer status;
    private @Nullable String body;
    private boolean base64;

    /** Whether the object has a status, without which it is no reply. */
    boolean read(JsonParser json) throws IOException, Malformed {
      while (json.nextToken() == JsonToken.FIELD_NAME) {
        String name = json.currentName();
        JsonToken value = json.nextToken();
        switch (name) {
          case "statusCode" -> status = status(json, value);
          case "headers" -> headers(json, value);
          case "cookies" -> cookies(json, value);
          case "body" -> body = text(json, value);
          case "isBase64Encoded" -> base64 = value == JsonToken.VALUE_TRUE;
          default -> json.skipChildren();
        }
      }
      return status != null;
    }

    private static int status(JsonParser json, JsonToken value) throws IOException, Malformed {
      if (value == JsonToken.VALUE_NUMBER_INT || value == JsonToken.VALUE_STRING) {
        int number = json.getValueAsInt(0);
        if (number >= 200 && number <= 599) {
          return number;
        }
      }
      throw new Malformed("statusCode is no HTTP status");
    }

    private void headers(JsonParser json, JsonToken value) throws IOException {
      if (value != JsonToken.START_OBJECT) {
        json.skipChildren();
        return;
      }
      while (json.nextToken() == JsonToken.FIELD_NAME) {
        String name = json.currentName();
        JsonToken token = json.nextToken();
        if (token.isScalarValue() && token != JsonToken.VALUE_NULL) {
          add(name, json.getText());
        } else {
          json.skipChildren();
        }
      }
    }

    private void cookies(JsonParser json, JsonToken value) throws IOException {
      if (value != JsonToken.START_ARRAY) {
        json.skipChildren();
        return;
      }
      for (JsonToken token = json.nextToken();
          token != null && token != JsonToken.END_ARRAY;
          token = json.nextToken()) {
        if (token == JsonToken.VALUE_STRING) {
          add("Set-Cookie", json.getText());
        } else {
          json.skipChildren();
        }
      }
    }

    private static String text(JsonParser json, JsonToken value) throws IOException, Malformed {
      if (value.isStructStart()) {
        throw new Malformed("body is no text");
      }
      return value == JsonToken.VALUE_NULL ? "" : json.getText();
    }

    /** Drops what would break the answer's own form. */
    private void add(String name, String value) {
      boolean token =
          !name.isEmpty()
              && name.chars()
                  .allMatch(c -> c > ' ' && c < 127 && "()<>@,;:\\\"/[]?={}".indexOf(c) < 0);
      boolean line = value.chars().allMatch(c -> (c >= ' ' && c != 127) || c == '\t');
      if (token && line && !OF_CONNECTION.contains(name.toLowerCase(Locale.ROOT))) {
        headers.add(name, value);
      }
    }

    UrlReply reply() throws Malformed {
      if (!headers.has("Content-Type")) {
        headers.add("Content-Type", "application/json");
      }
      String text = body == null ? "" : body;
      byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
      if (base64) {
        try {
          bytes = Base64.getDecoder().decode(bytes);
        } catch (IllegalArgumentException e) {
          throw malformed(new IOException(e));
        }
      }
      return new UrlReply(status == null ? 200 : status, headers, bytes);
    }
  }
}
