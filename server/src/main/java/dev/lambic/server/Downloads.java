package dev.lambic.server;

import dev.lambic.functions.CodeDownloads;
import dev.lambic.http.BodySink;
import dev.lambic.http.Headers;
import dev.lambic.http.HttpHandler;
import dev.lambic.http.HttpRequest;
import dev.lambic.http.Responder;
import dev.lambic.kernel.LambicException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Serves deployment packages to those who hold a link of GetFunction. */
final class Downloads implements HttpHandler {
  private static final int PIECE = 64 << 10;

  private final CodeDownloads downloads;

  Downloads(CodeDownloads downloads) {
    this.downloads = downloads;
  }

  @Override
  public void handle(HttpRequest request, Responder responder) {
    Thread.startVirtualThread(() -> answer(request, responder));
  }

  private void answer(HttpRequest request, Responder responder) {
    Path file;
    long size;
    try {
      file = downloads.open(request.rawPath(), request.rawQuery());
      size = Files.size(file);
    } catch (LambicException e) {
      refuse(responder, e.code().equals("NoSuchKey") ? 404 : 403, e.code(), e.getMessage());
      return;
    } catch (IOException e) {
      refuse(responder, 404, "NoSuchKey", "The deployment package is not there any more.");
      return;
    }
    Headers headers =
        Headers.of("Content-Type", "application/zip", "Content-Length", Long.toString(size));
    BodySink body = responder.begin(200, headers);
    try (InputStream in = Files.newInputStream(file)) {
      byte[] piece = new byte[PIECE];
      for (int count = in.read(piece); count > 0; count = in.read(piece)) {
        body.write(Arrays.copyOf(piece, count));
      }
      body.end(Headers.empty());
    } catch (IOException e) {
      body.abort();
    }
  }

  /** In the form of S3, whose presigned links these stand for. */
  private static void refuse(
      Responder responder, int status, String code, @Nullable String message) {
    String xml =
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>"
            + code
            + "</Code><Message>"
            + message
            + "</Message></Error>";
    responder.send(
        status,
        Headers.of("Content-Type", "application/xml"),
        xml.getBytes(StandardCharsets.UTF_8));
  }
}
