package dev.lambic.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.services.lambda.LambdaClient;
import software.amazon.awssdk.services.lambda.model.CreateFunctionRequest;
import software.amazon.awssdk.services.lambda.model.EfsMountFailureException;
import software.amazon.awssdk.services.lambda.model.FileSystemConfig;

/** Functions that share the files of an access point, over restarts and their own end. */
class FileSystemsTest {
  private static final String POINT = "fsap-0123456789abcdef0";
  private static final String ARN =
      "arn:aws:elasticfilesystem:" + Clients.REGION + ":" + Clients.ACCOUNT + ":access-point/";
  private static final int DISK_USER = 0x6fff0000;

  /** Settings of a function that sees an access point. */
  static Consumer<CreateFunctionRequest.Builder> seeing(String accessPoint, String path) {
    return r ->
        r.vpcConfig(v -> v.subnetIds("subnet-1").securityGroupIds("sg-1"))
            .fileSystemConfigs(
                FileSystemConfig.builder().arn(ARN + accessPoint).localMountPath(path).build());
  }

  /** The directory of the host. */
  static Path directory(RunningLambic lambic, String accessPoint) {
    return lambic
        .data()
        .resolve("filesystems")
        .resolve(Clients.ACCOUNT)
        .resolve(Clients.REGION)
        .resolve(accessPoint);
  }

  private static TestFunction function(LambdaClient client, String name) {
    return TestFunction.python(client, name, "files.py", seeing(POINT, "/mnt/data"));
  }

  private static JsonNode act(TestFunction function, String action, String more) {
    return function.invoke("{\"do\":\"" + action + "\"," + more + "}").success();
  }

  private static JsonNode named(TestFunction function, String action, String name) {
    return act(function, action, "\"name\":\"" + name + "\"");
  }

  private static void write(TestFunction function, String name, String text) {
    act(function, "write", "\"name\":\"" + name + "\",\"text\":\"" + text + "\"");
  }

  @Test
  void twoFunctionsShareFilesThatOutliveEverything() throws Exception {
    try (RunningLambic lambic = RunningLambic.start();
        MappedFiles _ = MappedFiles.of(lambic)) {
      try (LambdaClient client = Clients.lambda(lambic.address())) {
        TestFunction one = function(client, "one");
        TestFunction two = function(client, "two");
        assertThat(directory(lambic, POINT)).as("before anybody was called").doesNotExist();
        share(lambic, one, two);
        countTogether(one, two);
        plant(lambic, one, two);
        aPersonPutsFilesThere(lambic, two);
        two.delete();
      }
      lambic.killHard();
      lambic.launch();
      try (LambdaClient client = Clients.lambda(lambic.address())) {
        TestFunction three = function(client, "three");
        assertThat(named(three, "read", "greeting").asText()).isEqualTo("of one");
        noFunctionSeesAnOlderConfiguration(client);
        aMountThatFails(lambic, client);
      }
    }
  }

  private static void share(RunningLambic lambic, TestFunction one, TestFunction two)
      throws IOException {
    write(one, "greeting", "of one");
    assertThat(named(two, "read", "greeting").asText()).isEqualTo("of one");
    assertThat(named(two, "look", "greeting").toString()).isEqualTo("[993,990,\"0o644\",1]");
    assertThat(named(two, "look", "").path(0).asInt()).isEqualTo(993);
    Path file = directory(lambic, POINT).resolve("greeting");
    assertThat(Files.getAttribute(file, "unix:uid")).isEqualTo(DISK_USER);
    assertThat(act(one, "list", "\"directory\":\"/mnt\"").toString()).isEqualTo("[\"data\"]");
    CompletableFuture<JsonNode> waiting =
        CompletableFuture.supplyAsync(() -> named(two, "wait", "signal"));
    write(one, "signal", "");
    assertThat(waiting.join().asText()).isEmpty();
  }

  private static void countTogether(TestFunction one, TestFunction two) throws Exception {
    String event = "\"name\":\"count\",\"times\":2000";
    CompletableFuture<JsonNode> other =
        CompletableFuture.supplyAsync(() -> act(one, "count", event));
    act(two, "count", event);
    other.get(60, TimeUnit.SECONDS);
    assertThat(named(one, "counted", "count").asInt()).isEqualTo(4000);
  }

  /** What one leaves for the others leads them, and the server, nowhere. */
  private static void plant(RunningLambic lambic, TestFunction one, TestFunction two) {
    for (String to :
        List.of("/etc/shadow", lambic.data() + "/credentials", "../../../credentials")) {
      String name = "planted-" + to.hashCode();
      act(one, "link", "\"name\":\"" + name + "\",\"to\":" + Invoked.quote(to));
      assertThat(named(two, "read", name).asText()).isEqualTo("FileNotFoundError");
    }
    named(one, "setuid", "program");
    assertThat(named(two, "run", "program").asText()).isEqualTo("993");
  }

  /** By the command of the README. */
  private static void aPersonPutsFilesThere(RunningLambic lambic, TestFunction function)
      throws Exception {
    Path files = Files.createDirectories(lambic.data().resolve("sandbox/files/models"));
    Files.writeString(files.resolve("small"), "of a person");
    String place = directory(lambic, POINT).toString();
    String copy =
        "tar -cC %s . | (cd %s && setpriv --reuid %d --regid %d --clear-groups tar -x)"
            .formatted(files.getParent(), place, DISK_USER, DISK_USER);
    assertThat(new ProcessBuilder("sh", "-c", copy).inheritIO().start().waitFor()).isZero();
    assertThat(named(function, "read", "models/small").asText()).isEqualTo("of a person");
    write(function, "models/small", "changed");
    assertThat(named(function, "read", "models/small").asText()).isEqualTo("changed");
    Path model = Files.writeString(directory(lambic, POINT).resolve("model"), "of a person");
    assertThat(named(function, "read", "model").asText()).isEqualTo("of a person");
    Files.setAttribute(model, "unix:uid", DISK_USER, LinkOption.NOFOLLOW_LINKS);
    Files.setAttribute(model, "unix:gid", DISK_USER, LinkOption.NOFOLLOW_LINKS);
    write(function, "model", "changed");
    assertThat(model).hasContent("changed");
  }

  private static void noFunctionSeesAnOlderConfiguration(LambdaClient client) {
    TestFunction one = TestFunction.python(client, "changing", "files.py", seeing(POINT, "/mnt/a"));
    String mounted = "\"directory\":\"/mnt\"";
    assertThat(act(one, "list", mounted).toString()).isEqualTo("[\"a\"]");
    client.updateFunctionConfiguration(r ->
        r.functionName("changing")
            .fileSystemConfigs(
                FileSystemConfig.builder().arn(ARN + POINT).localMountPath("/mnt/b").build()));
    one.awaitReady();
    assertThat(act(one, "list", mounted).toString()).isEqualTo("[\"b\"]");
    client.updateFunctionConfiguration(
        r -> r.functionName("changing").fileSystemConfigs(List.of()));
    one.awaitReady();
    assertThat(one.configuration().hasFileSystemConfigs()).isFalse();
    assertThat(act(one, "list", mounted).toString()).isEqualTo("[]");
  }

  /** Something else at the place of a directory is neither followed nor mounted. */
  private static void aMountThatFails(RunningLambic lambic, LambdaClient client)
      throws IOException {
    String point = "fsap-00000000000000bad";
    Path place = directory(lambic, point);
    Files.createSymbolicLink(place, Path.of("/etc"));
    TestFunction function =
        TestFunction.python(client, "failing", "files.py", seeing(point, "/mnt/data"));
    assertThatThrownBy(() -> function.invoke("{\"do\":\"list\",\"directory\":\"/mnt/data\"}"))
        .isInstanceOfSatisfying(
            EfsMountFailureException.class,
            e -> {
              assertThat(e.statusCode()).isEqualTo(403);
              assertThat(e.awsErrorDetails().errorMessage())
                  .startsWith(
                      "The function could not mount the EFS file system with access point "
                          + ARN
                          + point
                          + ".")
                  .doesNotContain(lambic.data().toString());
            });
    Files.delete(place);
    assertThat(act(function, "list", "\"directory\":\"/mnt/data\"").toString()).isEqualTo("[]");
  }
}
