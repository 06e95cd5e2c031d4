package dev.lambic.images;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lambic.images.ImageException.Reason;
import dev.lambic.kernel.Ticker;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.Optional;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Registries that want a password, and those that take too long. */
final class RegistryTest {
  private static final String PASSWORD =
      Base64.getEncoder().encodeToString("AWS:eyJ-secret".getBytes(UTF_8));
  private static final Duration LONG = Duration.ofSeconds(60);
  private static final Duration SHORT = Duration.ofMillis(300);

  @TempDir Path directory;
  private final TestRegistry registry = new TestRegistry();
  private final TestRegistry other = new TestRegistry();
  private Patience patience = new Patience(LONG, LONG, LONG, LONG);

  @AfterEach
  void close() {
    registry.close();
    other.close();
  }

  private static TestImage image() {
    return TestImage.of(new TestTar().file("run", "x").gzip());
  }

  private void login(String json) throws IOException {
    Files.writeString(directory.resolve("config.json"), json.replace("HOST", registry.host()));
  }

  private void loginAs(String member, String value) throws IOException {
    login("{\"auths\":{\"HOST\":{\"" + member + "\":\"" + value + "\"}}}");
  }

  private void pull() {
    ImageStore store =
        ImageStore.open(
            directory.resolve("store"),
            new ImageSources(Optional.empty(), RegistryLogins.in(directory.resolve("config.json"))),
            Platform.host(),
            Ticker.system(),
            Duration.ZERO,
            patience);
    store.pull(store.resolve(registry.reference(":1")));
  }

  private static void assertFails(Reason reason, String words, ThrowingCallable what) {
    assertThatThrownBy(what)
        .isInstanceOfSatisfying(ImageException.class, e -> assertThat(e.reason()).isEqualTo(reason))
        .hasMessageContaining(words)
        .hasMessageNotContaining("secret");
  }

  @Test
  void passwordsGoToTheRegistryThatAsksForThem() throws IOException {
    registry.push("1", image());
    registry.password = PASSWORD;
    loginAs("auth", PASSWORD);
    pull();
    assertThat(registry.told).isNotEmpty().allMatch(each -> each.endsWith(" Basic " + PASSWORD));
  }

  @Test
  void passwordsAreNotToldUnasked() throws IOException {
    registry.push("1", image());
    loginAs("auth", PASSWORD);
    pull();
    assertThat(registry.told).isEmpty();
  }

  @Test
  void tokensAreFetchedByPassword() throws IOException {
    registry.push("1", image());
    registry.password = PASSWORD;
    registry.wantsToken = true;
    registry.tokensEnd = true;
    login("{\"auths\":{\"http://HOST/v2/\":{\"username\":\"AWS\",\"password\":\"eyJ-secret\"}}}");
    pull();
    assertThat(registry.told)
        .allMatch(each -> each.startsWith("/token Basic ") || each.contains(" Bearer token-"));
  }

  @Test
  void tokensAreFetchedByAnIdentity() throws IOException {
    registry.push("1", image());
    registry.identity = "secret identity".replace(' ', '-');
    registry.password = "none";
    registry.wantsToken = true;
    loginAs("identitytoken", registry.identity);
    pull();
  }

  @Test
  void redirectionsToOtherHostsTellNothing() throws IOException {
    TestImage image = image();
    registry.push("1", image);
    other.push("1", image);
    registry.password = PASSWORD;
    registry.redirectBlobsTo = "http://" + other.host() + "/elsewhere/";
    loginAs("auth", PASSWORD);
    pull();
    assertThat(other.asked).isNotEmpty();
    assertThat(other.told).isEmpty();
  }

  @Test
  void otherHostsGetNoPasswordByAskingForOne() throws IOException {
    registry.push("1", image());
    registry.password = PASSWORD;
    registry.redirectBlobsTo = "http://" + other.host() + "/v2/team/app/blobs/";
    other.password = PASSWORD;
    loginAs("auth", PASSWORD);
    assertFails(Reason.DENIED, "does not give", this::pull);
    assertThat(other.told).isEmpty();
  }

  @Test
  void tokenServicesOfOthersGetNoPassword() throws IOException {
    registry.push("1", image());
    registry.wantsToken = true;
    registry.realm = "http://" + other.host() + "/token";
    loginAs("auth", PASSWORD);
    assertFails(Reason.DENIED, "to be given to " + other.host(), this::pull);
    assertThat(other.asked).isEmpty();
  }

  @Test
  void missingWrongAndHiddenPasswords() throws IOException {
    registry.push("1", image());
    registry.password = PASSWORD;
    login("{\"auths\":{\"other.example.com\":{\"auth\":\"" + PASSWORD + "\"}}}");
    assertFails(Reason.DENIED, "--registry-auth", this::pull);
    loginAs("auth", "QVdTOndyb25n");
    assertFails(Reason.DENIED, "whose password", this::pull);
    login("{\"auths\":{\"HOST\":{}},\"credsStore\":\"desktop\"}");
    assertFails(Reason.DENIED, "helper program desktop", this::pull);
    login("no json");
    assertFails(Reason.INVALID, "passwords for registries is no JSON", this::pull);
    Files.delete(directory.resolve("config.json"));
    assertFails(Reason.UNAVAILABLE, "cannot be read", this::pull);
  }

  @ParameterizedTest
  @CsvSource({
    "registry.example.com, registry.example.com, true",
    "registry.example.com, registry.example.com:8443, true",
    "registry-1.docker.io, auth.docker.io, true",
    "registry.gitlab.com, gitlab.com, true",
    "registry.example.com, example.org, false",
    "registry.example.com, notexample.com, false",
    "registry.example.com, registry.example.com.evil.org, false",
    "example.com, evil.com, false",
    "192.0.2.1, 198.51.2.1, false",
    "127.0.0.1:5000, 127.0.0.1:5000, true",
    "127.0.0.1:5000, 127.0.0.1:5001, false",
    "registry.example.com, 127.0.0.1:5001, false",
  })
  void passwordsAreForTheRegistrysOwnDomain(String from, String to, boolean may) {
    assertThat(Hosts.mayHavePassword(from, to)).isEqualTo(may);
  }

  @ParameterizedTest
  @CsvSource({
    "docker.io/library/x:1, one",
    "registry.example.com/team/app:1, team",
    "registry.example.com/other:1, all",
    "registry.example.com:5000/other:1, port",
    "public.example.com/other:1, ''",
  })
  void loginsAreFoundByHostAndPath(String image, String name) throws IOException {
    Path file = directory.resolve("config.json");
    Files.writeString(
        file,
        """
        {"auths":{"https://index.docker.io/v1/":{"username":"one","password":"p"},
          "registry.example.com/team":{"username":"team"},
          "Registry.Example.com":{"username":"all"},
          "https://registry.example.com:5000":{"username":"port"}}}
        """);
    String found =
        RegistryLogins.in(file)
            .find(ImageReference.parse(image))
            .map(login -> new String(Base64.getDecoder().decode(login.basic()), UTF_8))
            .orElse(":");
    assertThat(found).startsWith(name + ":");
  }

  @Test
  void manifestThatDoesNotEndInTime() {
    registry.push("1", image());
    registry.stalled = "1";
    patience = new Patience(LONG, SHORT, LONG, LONG);
    assertFails(Reason.UNAVAILABLE, "manifest", this::pull);
  }

  @Test
  void layerThatDoesNotEndInTime() throws IOException {
    TestImage image = image();
    registry.push("1", image);
    registry.stalled = Digest.of(image.layers.getFirst()).toString();
    patience = new Patience(LONG, LONG, SHORT, LONG);
    assertFails(Reason.UNAVAILABLE, "to its end", this::pull);
    assertThat(directory.resolve("store/unfinished")).isEmptyDirectory();
    assertThat(directory.resolve("store/layers")).isEmptyDirectory();
  }

  @Test
  void imageThatDoesNotEndInTime() throws IOException {
    TestImage image = image();
    registry.push("1", image);
    registry.stalled = Digest.of(image.layers.getFirst()).toString();
    patience = new Patience(LONG, LONG, LONG, SHORT);
    assertFails(Reason.UNAVAILABLE, "", this::pull);
    assertThat(directory.resolve("store/unfinished")).isEmptyDirectory();
  }
}
