package dev.lambic.images;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A registry, asked without a name and password; a token for everybody is fetched where the
 * registry wants one.
 *
 * <p>Without encryption only on this machine, and never from an encrypted connection to an
 * unencrypted one. Follows the OCI distribution specification and "Token Authentication
 * Specification" of the distribution project.
 */
final class RegistryOrigin implements Origin {
  private static final Duration CONNECT = Duration.ofSeconds(10);
  private static final Duration ANSWER = Duration.ofSeconds(30);
  private static final int REDIRECTS = 5;
  private static final Pattern PARAMETER = Pattern.compile("([a-zA-Z_]+)=\"([^\"]*)\"");

  private final ImageReference image;
  private final HttpClient http;
  private final URI base;
  private @Nullable String token;

  RegistryOrigin(ImageReference image) {
    this.image = image;
    this.base = URI.create((image.isLoopback() ? "http://" : "https://") + image.host() + "/");
    this.http =
        HttpClient.newBuilder()
            .connectTimeout(CONNECT)
            .followRedirects(HttpClient.Redirect.NEVER)
            .version(HttpClient.Version.HTTP_1_1)
            .build();
  }

  @Override
  public Found manifest(ImageReference wanted) throws IOException {
    return manifest(wanted.wanted().orElse("latest"));
  }

  @Override
  public Found manifest(Digest digest) throws IOException {
    return manifest(digest.toString());
  }

  private Found manifest(String name) throws IOException {
    HttpResponse<InputStream> answer = get(path("manifests/" + name), Manifest.accepted());
    String type = answer.headers().firstValue("Content-Type").orElse("");
    int semicolon = type.indexOf(';');
    String plain = semicolon < 0 ? type : type.substring(0, semicolon);
    return new Found(Origin.document(answer.body()), plain.strip());
  }

  @Override
  public InputStream blob(Descriptor blob) throws IOException {
    return get(path("blobs/" + blob.digest()), "*/*").body();
  }

  private URI path(String rest) {
    return base.resolve("/v2/" + image.path() + "/" + rest);
  }

  private HttpResponse<InputStream> get(URI place, String accept) throws IOException {
    HttpResponse<InputStream> answer = follow(place, accept);
    if (answer.statusCode() == 401 && token == null) {
      answer.body().close();
      token = fetchToken(answer.headers().firstValue("WWW-Authenticate").orElse(""));
      answer = follow(place, accept);
    }
    if (answer.statusCode() == 200) {
      return answer;
    }
    answer.body().close();
    throw switch (answer.statusCode()) {
      case 401, 403 ->
          new ImageException(
              ImageException.Reason.DENIED,
              "The registry " + image.host() + " does not give " + image.path() + " to everybody.");
      case 404 ->
          new ImageException(
              ImageException.Reason.MISSING,
              "The registry " + image.host() + " has no " + place.getPath() + ".");
      default ->
          new ImageException(
              ImageException.Reason.UNAVAILABLE,
              "The registry " + image.host() + " answered with " + answer.statusCode() + ".");
    };
  }

  /** Follows redirections; the token is for the registry only. */
  private HttpResponse<InputStream> follow(URI place, String accept) throws IOException {
    URI now = place;
    for (int i = 0; i <= REDIRECTS; i++) {
      boolean own = now.getAuthority().equals(base.getAuthority());
      HttpResponse<InputStream> answer = send(now, accept, own ? token : null);
      switch (answer.statusCode()) {
        case 301, 302, 303, 307, 308 -> {
          answer.body().close();
          now = allowed(now, answer.headers().firstValue("Location").orElse(""));
        }
        default -> {
          return answer;
        }
      }
    }
    throw unavailable("The registry " + image.host() + " redirects without end.", null);
  }

  private HttpResponse<InputStream> send(URI to, String accept, @Nullable String bearer)
      throws IOException {
    try {
      HttpRequest.Builder request =
          HttpRequest.newBuilder(to).timeout(ANSWER).header("Accept", accept).GET();
      if (bearer != null) {
        request.header("Authorization", "Bearer " + bearer);
      }
      return http.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw unavailable("The server is being stopped.", e);
    } catch (IllegalArgumentException e) {
      throw unavailable("The registry " + image.host() + " leads to no address: " + to, e);
    } catch (IOException e) {
      throw unavailable(
          "The registry "
              + image.host()
              + " cannot be reached: "
              + Optional.ofNullable(e.getMessage()).orElse(e.toString()),
          e);
    }
  }

  /** Where the registry sends us, if it is as safe as the registry itself. */
  private URI allowed(URI from, String to) {
    URI place;
    try {
      place = from.resolve(to);
    } catch (IllegalArgumentException e) {
      throw unavailable("The registry " + image.host() + " redirects to no address.", e);
    }
    boolean encrypted = "https".equals(place.getScheme());
    boolean atHome =
        image.isLoopback()
            && "http".equals(place.getScheme())
            && Hosts.isLoopback(String.valueOf(place.getAuthority()));
    if (place.getAuthority() == null || !(encrypted || atHome)) {
      throw unavailable(
          "The registry " + image.host() + " redirects to an address without encryption.", null);
    }
    return place;
  }

  private String fetchToken(String challenge) throws IOException {
    String realm = "";
    StringBuilder query = new StringBuilder();
    Matcher parameters = PARAMETER.matcher(challenge);
    while (parameters.find()) {
      if (parameters.group(1).equals("realm")) {
        realm = parameters.group(2);
      } else if (parameters.group(1).equals("service") || parameters.group(1).equals("scope")) {
        query.append(query.isEmpty() ? '?' : '&').append(parameters.group(1)).append('=');
        query.append(URLEncoder.encode(parameters.group(2), StandardCharsets.UTF_8));
      }
    }
    if (!challenge.regionMatches(true, 0, "Bearer ", 0, 7) || realm.isEmpty()) {
      throw new ImageException(
          ImageException.Reason.DENIED,
          "The registry " + image.host() + " wants a name and password, which Lambic has none of.");
    }
    HttpResponse<InputStream> answer = send(allowed(base, realm + query), "*/*", null);
    byte[] body = Origin.document(answer.body());
    if (answer.statusCode() != 200) {
      throw new ImageException(
          ImageException.Reason.DENIED,
          "The registry " + image.host() + " gives no token to everybody.");
    }
    Json json = Json.parse(body, "The registry's token");
    return json.get("token")
        .text()
        .or(() -> json.get("access_token").text())
        .filter(text -> text.matches("[\\x21-\\x7e]{1,65536}"))
        .orElseThrow(() -> unavailable("The registry " + image.host() + " gives no token.", null));
  }

  private static ImageException unavailable(String message, @Nullable Exception cause) {
    return new ImageException(ImageException.Reason.UNAVAILABLE, message, cause);
  }

  @Override
  public void close() {
    http.shutdownNow();
  }
}
