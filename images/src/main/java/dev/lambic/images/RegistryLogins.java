package dev.lambic.images;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Names and passwords for registries, from a file as {@code docker login} and others write it, such
 * as {@code ~/.docker/config.json}.
 *
 * <p>The file is read anew whenever a registry asks for a password, so that one that was renewed,
 * as those of ECR are twice a day, counts at once. Passwords that the file leaves to a helper
 * program are not had, for Lambic runs no such programs. Safe for use by many threads.
 */
public final class RegistryLogins {
  private static final int MAX_BYTES = 1 << 20;

  /** Docker's own registry has one key in such files, and several names. */
  private static final String DOCKER_KEY = "index.docker.io";

  private static final List<String> DOCKER_HOSTS =
      List.of("docker.io", "index.docker.io", "registry-1.docker.io");

  private final Optional<Path> file;

  private RegistryLogins(Optional<Path> file) {
    this.file = file;
  }

  /** None for any registry. */
  public static RegistryLogins none() {
    return new RegistryLogins(Optional.empty());
  }

  /** Those of a file. */
  public static RegistryLogins in(Path file) {
    return new RegistryLogins(Optional.of(file));
  }

  /**
   * What a registry is told of who asks; the texts that do not apply are empty.
   *
   * @param basic name and password, as the Basic scheme of HTTP has them
   * @param bearer a token that is sent as it is
   * @param identity a token for which the registry's token service gives others
   */
  record Login(String basic, String bearer, String identity) {
    @Override
    public String toString() {
      return "Login";
    }
  }

  /**
   * What there is for an image's registry.
   *
   * @throws ImageException if the file cannot be used, or leaves the password to a helper
   */
  Optional<Login> find(ImageReference image) {
    if (file.isEmpty()) {
      return Optional.empty();
    }
    Json all = Json.parse(read(file.get()), "The file with passwords for registries");
    Map<String, Json> logins = all.get("auths").objects();
    String host = DOCKER_HOSTS.contains(image.host()) ? DOCKER_KEY : image.host();
    // Some tools write one for a part of a registry; the longest that fits is meant.
    for (String key = host + "/" + image.path(); ; key = key.substring(0, key.lastIndexOf('/'))) {
      for (Map.Entry<String, Json> each : logins.entrySet()) {
        if (place(each.getKey()).equals(key)) {
          Optional<Login> login = login(each.getValue());
          if (login.isPresent()) {
            return login;
          }
        }
      }
      if (!key.contains("/")) {
        break;
      }
    }
    requireNoHelper(all, host);
    return Optional.empty();
  }

  private static byte[] read(Path file) {
    try (InputStream in = Files.newInputStream(file)) {
      byte[] bytes = in.readNBytes(MAX_BYTES + 1);
      if (bytes.length > MAX_BYTES) {
        throw new IOException("it is longer than " + MAX_BYTES + " bytes");
      }
      return bytes;
    } catch (IOException e) {
      throw new ImageException(
          ImageException.Reason.UNAVAILABLE,
          "The file with passwords for registries cannot be read: " + e.getMessage(),
          e);
    }
  }

  /** What a key names: some are URLs, which may end in the version of a protocol. */
  private static String place(String key) {
    return key.replaceFirst("^https?://", "")
        .replaceFirst("(/v[12])?/*$", "")
        .toLowerCase(Locale.ROOT);
  }

  private static Optional<Login> login(Json entry) {
    String basic = entry.get("auth").text().map(RegistryLogins::checked).orElse("");
    String name = entry.get("username").text().orElse("");
    if (basic.isEmpty() && !name.isEmpty()) {
      String both = name + ":" + entry.get("password").text().orElse("");
      basic = Base64.getEncoder().encodeToString(both.getBytes(UTF_8));
    }
    String bearer = token(entry, "registrytoken");
    String identity = token(entry, "identitytoken");
    Login login = new Login(basic, bearer, identity);
    return login.equals(new Login("", "", "")) ? Optional.empty() : Optional.of(login);
  }

  private static String token(Json entry, String name) {
    return entry.get(name).text().filter(text -> text.matches("[\\x21-\\x7e]+")).orElse("");
  }

  private static String checked(String auth) {
    try {
      String both = new String(Base64.getDecoder().decode(auth.strip()), UTF_8);
      return both.indexOf(':') < 1
          ? ""
          : Base64.getEncoder().encodeToString(both.replace("\0", "").getBytes(UTF_8));
    } catch (IllegalArgumentException noBase64) {
      return "";
    }
  }

  private static void requireNoHelper(Json all, String host) {
    String helper =
        all.get("credHelpers").members().entrySet().stream()
            .filter(each -> place(each.getKey()).equals(host))
            .map(Map.Entry::getValue)
            .findFirst()
            .or(() -> all.get("credsStore").text())
            .orElse("");
    boolean known =
        all.get("auths").objects().keySet().stream().anyMatch(key -> place(key).equals(host))
            || all.get("credHelpers").members().keySet().stream()
                .anyMatch(key -> place(key).equals(host));
    if (known && !helper.isEmpty()) {
      throw new ImageException(
          ImageException.Reason.DENIED,
          "The password for the registry "
              + host
              + " is with the helper program "
              + Json.shortened(helper)
              + ", which Lambic does not run. It has to be in the file itself, as \"auth\".");
    }
  }
}
