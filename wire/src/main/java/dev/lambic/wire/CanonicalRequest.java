package dev.lambic.wire;

import dev.lambic.http.Headers;
import dev.lambic.http.HttpRequest;
import java.util.ArrayList;
import java.util.List;

/** The form of a request that AWS Signature Version 4 is calculated over. */
final class CanonicalRequest {
  private CanonicalRequest() {}

  static String of(HttpRequest request, Signature signature, String payloadHash) {
    StringBuilder out = new StringBuilder(512);
    out.append(request.method()).append('\n');
    // S3 keys may hold anything, so its paths are signed as they are, and only once encoded.
    if (signature.service().equals("s3")) {
      Percent.encode(Percent.decode(request.rawPath(), false), true, out);
    } else {
      Percent.encode(normalise(request.rawPath()), true, out);
    }
    out.append('\n');
    String query = request.rawQuery();
    if (!query.isEmpty()) {
      out.append(
          QueryString.parse(query).canonical(signature.presigned() ? "X-Amz-Signature" : null));
    }
    out.append('\n');
    headers(request.headers(), signature.signedHeaders(), out);
    return out.append('\n')
        .append(signature.signedHeaders())
        .append('\n')
        .append(payloadHash)
        .toString();
  }

  private static void headers(Headers headers, String signed, StringBuilder out) {
    int start = 0;
    while (start < signed.length()) {
      int end = signed.indexOf(';', start);
      if (end < 0) {
        end = signed.length();
      }
      String name = signed.substring(start, end);
      out.append(name).append(':');
      List<String> values = headers.all(name);
      for (int i = 0; i < values.size(); i++) {
        if (i > 0) {
          out.append(',');
        }
        squeeze(values.get(i), out);
      }
      out.append('\n');
      start = end + 1;
    }
  }

  /** Without blanks at the ends, and with one for each run of them. */
  private static void squeeze(String value, StringBuilder out) {
    int begin = out.length();
    boolean blank = false;
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      if (c == ' ' || c == '\t') {
        blank = true;
      } else {
        if (blank && out.length() > begin) {
          out.append(' ');
        }
        blank = false;
        out.append(c);
      }
    }
  }

  /** Without empty and dot segments; a slash at the end stays. */
  static String normalise(String path) {
    if (path.isEmpty()) {
      return "/";
    }
    if (!path.contains("//") && !path.contains("/.")) {
      return path;
    }
    List<String> kept = new ArrayList<>();
    String last = "";
    for (String segment : path.split("/", -1)) {
      last = segment;
      if (segment.equals("..")) {
        if (!kept.isEmpty()) {
          kept.removeLast();
        }
      } else if (!segment.isEmpty() && !segment.equals(".")) {
        kept.add(segment);
      }
    }
    if (kept.isEmpty()) {
      return "/";
    }
    boolean slash = last.isEmpty() || last.equals(".") || last.equals("..");
    return "/" + String.join("/", kept) + (slash ? "/" : "");
  }
}
