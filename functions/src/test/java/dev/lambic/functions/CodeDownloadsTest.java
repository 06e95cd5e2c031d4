package dev.lambic.functions;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lambic.kernel.LambicException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** GetFunction's links lead to the deployment package, for ten minutes. */
class CodeDownloadsTest {
  @TempDir private Path directory;
  private World world;
  private URI link;

  @BeforeEach
  void open() {
    world = new World(directory);
    world.create("fn");
    var code = world.call(l -> l.getFunction(r -> r.functionName("fn"))).code();
    assertThat(code.repositoryType()).isEqualTo("S3");
    link = URI.create(code.location());
  }

  @AfterEach
  void close() {
    world.close();
  }

  @Test
  void theLinkLeadsToThePackage() throws Exception {
    assertThat(link.toString()).startsWith("http://localhost:4566/_lambic/code/");
    assertThat(Files.readAllBytes(follow(link.getPath(), link.getQuery())))
        .isEqualTo(Zips.handler("hello").asByteArray());
  }

  @Test
  void itWorksAfterARestart() {
    world.restart();
    assertThat(follow(link.getPath(), link.getQuery())).exists();
  }

  @Test
  void itExpires() {
    world.clock.advance(Duration.ofMinutes(9));
    assertThat(follow(link.getPath(), link.getQuery())).exists();
    world.clock.advance(Duration.ofSeconds(61));
    refused(link.getPath(), link.getQuery(), "Request has expired");
  }

  @Test
  void nothingOfItCanBeChanged() {
    String query = link.getQuery();
    String path = link.getPath();
    refused(path.substring(0, path.length() - 1) + "0", query, "Access Denied");
    refused(path, query.replace("expires=1", "expires=2"), "Access Denied");
    refused(path, query.substring(0, query.length() - 1), "Access Denied");
    refused(path, "", "Access Denied");
    refused(path, query + "&x=y", "Access Denied");
    refused("/_lambic/code/../../lambic.db", query, "Access Denied");
    refused("/_lambic/code/", query, "Access Denied");
    refused("/other", query, "Access Denied");
  }

  @Test
  void ofADeletedFunctionItEndsWithTheCode() {
    world.call(l -> l.deleteFunction(r -> r.functionName("fn")));
    assertThat(follow(link.getPath(), link.getQuery())).exists();
    world.service().collectCode();
    world.clock.advance(Duration.ofMinutes(1));
    world.service().collectCode();
    assertThatThrownBy(() -> follow(link.getPath(), link.getQuery()))
        .isInstanceOfSatisfying(
            LambicException.class, e -> assertThat(e.code()).isEqualTo("NoSuchKey"));
  }

  private Path follow(String path, String query) {
    return world.service().downloads().open(path, query);
  }

  private void refused(String path, String query, String message) {
    assertThatThrownBy(() -> follow(path, query))
        .isInstanceOfSatisfying(
            LambicException.class, e -> assertThat(e.code()).isEqualTo("AccessDenied"))
        .hasMessage(message);
  }
}
