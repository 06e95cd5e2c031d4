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
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A registry. Asked without a name and password, unless it refuses that and there are some for it;
 * where it wants tokens they are fetched, for everybody or by name and password.
 *
 * <p>Without encryption only on this machine, and never from an encrypted connection to an
 * unencrypted one. What the registry is told of who asks is told to no other host that it redirects
 * to, and passwords only to a token service of its own domain. Follows the OCI distribution
 * specification, and "Token Authentication" and "OAuth2 Token Authentication" of the distribution
 * project.
 */
final class RegistryOrigin implements Origin {
  private static final Duration CONNECT = Duration.ofSeconds(10);
  private static final int REDIRECTS = 5;
  private static final String NO_PASSWORD =
      ", and the server has no password for it (--registry-auth FILE).";
  private static final Pattern PARAMETER = Pattern.compile("([a-zA-Z_]+)=\"([^\"]*)\"");

  private final ImageReference image;
  private final HttpClient http;
  private final URI base;
  private final RegistryLogins logins;
  private final Patience patience;
  private String authorization = "";
  private boolean named;

  RegistryOrigin(ImageReference image, RegistryLogins logins, Patience patience) {
    this.image = image;
    this.logins = logins;
    this.patience = patience;
    this.base = URI.create((image.isLoopback() ? "http://" : "https://") + host(image) + "/");
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
    return new Found(Origin.document(answer.body(), patience), plain.strip());
  }

  @Override
  public InputStream blob(Descriptor blob) throws IOException {
    return get(path("blobs/" + blob.digest()), "*/*").body();
  }

  /** Where Docker's registry answers is not where images say that it is. */
  private static String host(ImageReference image) {
    return image.host().equals("docker.io") ? "registry-1.docker.io" : image.host();
  }

  private URI path(String rest) {
    return base.resolve("/v2/" + image.path() + "/" + rest);
  }

  private HttpResponse<InputStream> get(URI place, String accept) throws IOException {
    HttpResponse<InputStream> answer = follow(place, accept);
    // A token may have ended since it was fetched; what another host says of itself is not asked.
    if (answer.statusCode() == 401 && isOwn(answer.uri())) {
      answer.body().close();
      authorization = authorize(answer.headers().allValues("WWW-Authenticate"));
      answer = follow(place, accept);
    }
    if (answer.statusCode() == 200) {
      return answer;
    }
    answer.body().close();
    throw switch (answer.statusCode()) {
      case 401, 403 ->
          denied(
              named
                  ? "does not give "
                      + image.path()
                      + " to the name whose password the server has for it."
                  : "does not give " + image.path() + " to everybody" + NO_PASSWORD);
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

  private boolean isOwn(URI place) {
    return base.getScheme().equals(place.getScheme())
        && base.getAuthority().equals(place.getAuthority());
  }

  /** Follows redirections; what the registry is told of who asks is for it only. */
  private HttpResponse<InputStream> follow(URI place, String accept) throws IOException {
    URI now = place;
    for (int i = 0; i <= REDIRECTS; i++) {
      HttpResponse<InputStream> answer =
          send(request(now, isOwn(now) ? authorization : "").header("Accept", accept).GET());
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

  private HttpRequest.Builder request(URI to, String as) {
    try {
      HttpRequest.Builder request = HttpRequest.newBuilder(to).timeout(patience.answer());
      return as.isEmpty() ? request : request.header("Authorization", as);
    } catch (IllegalArgumentException e) {
      throw unavailable("The registry " + image.host() + " leads to no address: " + to, e);
    }
  }

  private HttpResponse<InputStream> send(HttpRequest.Builder request) throws IOException {
    try {
      return http.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw unavailable("The server is being stopped.", e);
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

  /** What a registry that wants it is told of who asks. */
  private String authorize(List<String> challenges) throws IOException {
    Optional<RegistryLogins.Login> login = logins.find(image);
    named = login.isPresent();
    if (login.isPresent() && !login.get().bearer().isEmpty()) {
      return "Bearer " + login.get().bearer();
    }
    Optional<String> bearer = challenge(challenges, "Bearer");
    if (bearer.isPresent()) {
      return "Bearer " + fetchToken(bearer.get(), login);
    }
    boolean basic = challenge(challenges, "Basic").isPresent();
    if (basic && login.isPresent() && !login.get().basic().isEmpty()) {
      return "Basic " + login.get().basic();
    }
    throw denied("wants a name and password" + NO_PASSWORD);
  }

  private static Optional<String> challenge(List<String> all, String scheme) {
    return all.stream()
        .filter(each -> each.regionMatches(true, 0, scheme + " ", 0, scheme.length() + 1))
        .findFirst();
  }

  private String fetchToken(String challenge, Optional<RegistryLogins.Login> login)
      throws IOException {
    String realm = "";
    StringBuilder query = new StringBuilder();
    Matcher parameters = PARAMETER.matcher(challenge);
    while (parameters.find()) {
      String name = parameters.group(1);
      if (name.equals("realm")) {
        realm = parameters.group(2);
      } else if (name.equals("service") || name.equals("scope")) {
        query.append(query.isEmpty() ? "" : "&").append(name).append('=');
        query.append(encode(parameters.group(2)));
      }
    }
    if (realm.isEmpty()) {
      throw denied("wants a token and does not say from where.");
    }
    URI service = allowed(base, realm);
    if (login.isPresent() && !Hosts.mayHavePassword(base.getAuthority(), service.getAuthority())) {
      throw denied("wants its password to be given to " + service.getAuthority() + ".");
    }
    HttpResponse<InputStream> answer = send(tokenRequest(realm, query.toString(), login));
    if (answer.statusCode() != 200) {
      answer.body().close();
      throw denied(
          login.isPresent()
              ? "does not accept the password that the server has for it."
              : "gives no token to everybody" + NO_PASSWORD);
    }
    Json json = Json.parse(Origin.document(answer.body(), patience), "The registry's token");
    return json.get("token")
        .text()
        .or(() -> json.get("access_token").text())
        .filter(text -> text.matches("[\\x21-\\x7e]{1,65536}"))
        .orElseThrow(() -> unavailable("The registry " + image.host() + " gives no token.", null));
  }

  private HttpRequest.Builder tokenRequest(
      String realm, String query, Optional<RegistryLogins.Login> login) {
    String identity = login.map(RegistryLogins.Login::identity).orElse("");
    if (!identity.isEmpty()) {
      String form =
          "grant_type=refresh_token&client_id=lambic&refresh_token="
              + encode(identity)
              + (query.isEmpty() ? "" : "&" + query);
      return request(allowed(base, realm), "")
          .header("Content-Type", "application/x-www-form-urlencoded")
          .POST(HttpRequest.BodyPublishers.ofString(form));
    }
    String basic = login.map(RegistryLogins.Login::basic).orElse("");
    String separator = realm.contains("?") ? "&" : "?";
    URI place = allowed(base, query.isEmpty() ? realm : realm + separator + query);
    return request(place, basic.isEmpty() ? "" : "Basic " + basic).GET();
  }

  private static String encode(String value) {
    return URLEncoder.encode(value, StandardCharsets.UTF_8);
  }

  private ImageException denied(String what) {
    return new ImageException(
        ImageException.Reason.DENIED, "The registry " + image.host() + " " + what);
  }

  private static ImageException unavailable(String message, @Nullable Exception cause) {
    return new ImageException(ImageException.Reason.UNAVAILABLE, message, cause);
  }

  @Override
  public void close() {
    http.shutdownNow();
  }
}
