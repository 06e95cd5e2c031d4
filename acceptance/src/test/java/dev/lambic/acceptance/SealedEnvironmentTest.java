package dev.lambic.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.ServerSocket;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A function that tries to get at the machine, the server or other functions gets nothing. */
class SealedEnvironmentTest {
  private static final String SECRET = "the-others-secret.txt";
  private static final Set<String> REFUSALS =
      Set.of("EPERM", "EACCES", "EROFS", "ENOENT", "ENOSYS", "EINVAL", "ENOTDIR");

  @RegisterExtension static final SharedLambic LAMBIC = new SharedLambic();

  private static TestFunction prisoner;
  private static TestFunction other;

  @BeforeAll
  static void deploy() {
    other =
        TestFunction.create(
            LAMBIC.lambda(),
            "other",
            TestFunction.PYTHON,
            "probe.handler",
            Zip.empty()
                .file("probe.py", Zip.read(Places.function("probe.py")))
                .file(SECRET, "a secret of another function")
                .bytes(),
            settings -> {});
    assertThat(other.act("introspect").success().path("files").toString()).contains(SECRET);
    other.invoke("{\"do\":\"write\",\"text\":\"private\"}");
    prisoner = TestFunction.python(LAMBIC.lambda(), "prisoner", "prisoner.py");
  }

  @AfterEach
  void theOthersLiveOn() {
    assertThat(other.act("echo").error()).isNull();
  }

  private static JsonNode got(String event) {
    JsonNode answer = prisoner.invoke(event).success();
    assertThat(answer.has("got")).as("was refused: " + answer).isTrue();
    return answer.path("got");
  }

  private static void refused(String event) {
    JsonNode answer = prisoner.invoke(event).success();
    assertThat(answer.path("refused").asText()).as(event + " " + answer).isIn(REFUSALS);
  }

  private static void allRefused(JsonNode outcomes) {
    assertThat(outcomes.size()).isPositive();
    outcomes
        .properties()
        .forEach(
            outcome -> assertThat(outcome.getValue().asText()).as(outcome.getKey()).isIn(REFUSALS));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/etc/shadow",
        "/etc/gshadow",
        "/etc/sudoers",
        "/etc/ssh/ssh_host_ed25519_key",
        "/proc/kcore",
        "/proc/kallsyms_",
        "/proc/1/environ",
        "/proc/1/mem",
        "/proc/1/root/etc/shadow",
        "/proc/self/root/etc/shadow",
        "/proc/self/root/../../etc/shadow",
        "/proc/keys_",
        "/dev/mem",
        "/dev/kmem",
        "/dev/kmsg",
        "/dev/sda",
        "/dev/vda",
        "/dev/nvme0n1",
        "/dev/loop0",
        "/dev/loop-control",
        "/dev/fuse",
        "/dev/net/tun",
        "/sys/kernel/mm/transparent_hugepage/enabled",
        "/sys/fs/cgroup/cgroup.procs",
      })
  void filesOfTheHostCannotBeRead(String path) {
    refused("{\"do\":\"read\",\"path\":\"" + path + "\"}");
  }

  @ParameterizedTest
  @ValueSource(strings = {"/root", "/home", "/srv", "/boot", "/sys", "/mnt", "/media"})
  void directoriesOfTheHostAreNotThere(String path) {
    JsonNode answer = prisoner.invoke("{\"do\":\"list\",\"path\":\"" + path + "\"}").success();
    if (answer.has("got")) {
      assertThat(answer.path("got")).as(path).isEmpty();
    }
  }

  @Test
  void theServersDataIsNotThere() throws IOException {
    Path data = LAMBIC.server().data();
    refused("{\"do\":\"list\",\"path\":" + Invoked.quote(data.toString()) + "}");
    refused(
        "{\"do\":\"read\",\"path\":" + Invoked.quote(data.resolve("credentials").toString()) + "}");
    List<String> sockets = new ArrayList<>();
    try (Stream<Path> all = Files.walk(data)) {
      all.filter(path -> !Files.isRegularFile(path) && !Files.isDirectory(path))
          .forEach(path -> sockets.add(path.toString()));
    }
    allRefused(
        got(
            "{\"do\":\"unix\",\"paths\":"
                + Invoked.quoteAll(withDefault(sockets, data.resolve("socket").toString()))
                + "}"));
    assertThat(got("{\"do\":\"search\",\"name\":\"lambic.db\"}")).isEmpty();
    assertThat(got("{\"do\":\"search\",\"name\":\"credentials\"}")).isEmpty();
  }

  private static List<String> withDefault(List<String> list, String item) {
    list.add(item);
    return list;
  }

  @Test
  void abstractSocketsOfTheHostAreNotReachable() throws IOException {
    try (ServerSocketChannel listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      Path path = Files.createTempDirectory("lambic-socket").resolve("s");
      listener.bind(UnixDomainSocketAddress.of(path));
      allRefused(
          got("{\"do\":\"unix\",\"paths\":" + Invoked.quoteAll(List.of(path.toString())) + "}"));
      Files.delete(path);
      Files.delete(path.getParent());
    }
  }

  @Test
  void codeAndFilesOfOtherFunctionsAreNotThere() {
    assertThat(got("{\"do\":\"search\",\"name\":\"" + SECRET + "\"}")).isEmpty();
    assertThat(got("{\"do\":\"search\",\"name\":\"kept\"}")).isEmpty();
    assertThat(got("{\"do\":\"search\",\"name\":\"prisoner.py\"}").toString())
        .as("the search finds what is there")
        .isEqualTo("[\"/var/task/prisoner.py\"]");
  }

  @Test
  void onlyOwnProcessesAreSeen() {
    JsonNode processes = got("{\"do\":\"processes\"}");
    assertThat(processes.size()).isBetween(1, 5);
    assertThat(processes.toString()).doesNotContain("java", "dev.lambic.server", "maven");
  }

  @Test
  void processOneGivesNothingAway() {
    allRefused(got("{\"do\":\"process_one\"}"));
  }

  @Test
  void noDescriptorIsInherited() {
    JsonNode descriptors = got("{\"do\":\"descriptors\"}");
    for (JsonNode target : descriptors) {
      assertThat(target.asText()).matches("/dev/null|pipe:.*|socket:.*|/proc/.*|/");
    }
    assertThat(descriptors.size()).isLessThan(10);
  }

  @Test
  void nothingButTmpCanBeWritten() {
    allRefused(got("{\"do\":\"write\"}"));
  }

  @Test
  void noDiskIsThere() {
    JsonNode devices = got("{\"do\":\"devices\"}");
    assertThat(devices.size()).as("block devices: " + devices).isEqualTo(1);
  }

  @Test
  void dangerousSystemCallsAreRefused() {
    JsonNode outcomes = got("{\"do\":\"calls\"}");
    allRefused(outcomes);
    assertThat(outcomes.path("ptrace").asText()).isEqualTo("EPERM");
    assertThat(outcomes.path("mount_tmpfs").asText()).isEqualTo("EPERM");
    assertThat(outcomes.path("umount2").asText()).isEqualTo("EPERM");
    assertThat(outcomes.path("finit_module").asText()).isEqualTo("EPERM");
    assertThat(outcomes.path("setns").asText()).isEqualTo("EPERM");
    assertThat(outcomes.path("unshare").asText()).isEqualTo("EPERM");
  }

  @Test
  void theUserStaysWithoutPrivileges() {
    JsonNode outcomes = got("{\"do\":\"identity\"}");
    String status = outcomes.path("status").toString();
    assertThat(status)
        .contains(
            "CapInh:\\t0000000000000000",
            "CapPrm:\\t0000000000000000",
            "CapEff:\\t0000000000000000",
            "CapBnd:\\t0000000000000000",
            "CapAmb:\\t0000000000000000",
            "NoNewPrivs:\\t1",
            "Seccomp:\\t2");
    ((ObjectNode) outcomes).remove("status");
    allRefused(outcomes);
  }

  @Test
  void onlyOrdinarySocketsCanBeMade() {
    JsonNode outcomes = got("{\"do\":\"sockets\"}");
    outcomes
        .properties()
        .forEach(outcome ->
            assertThat(outcome.getValue().asText())
                .as(outcome.getKey())
                .isIn("EPERM", "EACCES", "EAFNOSUPPORT", "ESOCKTNOSUPPORT"));
  }

  @Test
  void theHostAndItsNetworkAreNotReachable() throws IOException {
    assertThat(got("{\"do\":\"interfaces\"}").toString()).isEqualTo("[\"lo\"]");
    List<String> targets = new ArrayList<>();
    try (ServerSocket listener = new ServerSocket()) {
      listener.bind(new InetSocketAddress("0.0.0.0", 0));
      int server = LAMBIC.server().address().getPort();
      for (String host : hostAddresses()) {
        targets.add("[" + Invoked.quote(host) + "," + listener.getLocalPort() + "]");
        targets.add("[" + Invoked.quote(host) + "," + server + "]");
      }
      for (String host : List.of("169.254.169.254", "169.254.100.1", "8.8.8.8", "10.0.0.1")) {
        targets.add("[" + Invoked.quote(host) + ",80]");
        targets.add("[" + Invoked.quote(host) + ",9001]");
      }
      JsonNode outcomes = got("{\"do\":\"connect\",\"to\":[" + String.join(",", targets) + "]}");
      assertThat(outcomes.size()).isEqualTo(targets.size());
      outcomes
          .properties()
          .forEach(outcome ->
              assertThat(outcome.getValue().asText())
                  .as(outcome.getKey())
                  .isIn("ECONNREFUSED", "ENETUNREACH", "EHOSTUNREACH", "EADDRNOTAVAIL", "EINVAL"));
    }
    assertThat(
            got("{\"do\":\"connect\",\"to\":[[\"127.0.0.1\",9001]]}")
                .path("127.0.0.1 9001")
                .asText())
        .as("the attempt itself works")
        .isEqualTo("connected");
  }

  private static List<String> hostAddresses() throws IOException {
    List<String> addresses = new ArrayList<>(List.of("127.0.0.1", "127.0.0.2", "::1", "0.0.0.0"));
    for (NetworkInterface network : Collections.list(NetworkInterface.getNetworkInterfaces())) {
      for (InetAddress address : Collections.list(network.getInetAddresses())) {
        if (!address.isLoopbackAddress() && !address.isLinkLocalAddress()) {
          addresses.add(address.getHostAddress().replaceFirst("%.*", ""));
        }
      }
    }
    return addresses;
  }

  @Test
  void theAwsEndpointWantsASignature() {
    assertThat(got("{\"do\":\"request\"}").toString())
        .isEqualTo("[403,\"MissingAuthenticationTokenException\"]");
    String forged =
        "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/lambda/aws4_request,"
            + " SignedHeaders=host, Signature="
            + "0".repeat(64);
    JsonNode answer =
        got("{\"do\":\"request\",\"headers\":{\"Authorization\":" + Invoked.quote(forged) + "}}");
    assertThat(answer.path(0).asInt()).isIn(400, 403);
  }

  @Test
  void onlyOwnCredentialsAreAccepted() {
    TestFunction function = TestFunction.python(LAMBIC.lambda(), "keys", "neighbours.py");
    TestFunction ended = TestFunction.python(LAMBIC.lambda(), "ended", "neighbours.py");
    JsonNode own = function.act("credentials").success();
    assertThat(as(function, own)).isEqualTo("accepted");
    JsonNode stolen = ended.act("credentials").success();
    assertThat(as(function, stolen)).as("as on AWS, while they are valid").isEqualTo("accepted");
    ended.delete();
    Await.until(
        Duration.ofSeconds(20),
        "the credentials of an ended environment are refused",
        () -> as(function, stolen).equals("UnrecognizedClientException"));
    assertThat(as(function, Invoked.parse("{\"id\":\"test\",\"secret\":\"test\"}")))
        .isEqualTo("UnrecognizedClientException");
    String wrongToken =
        "{\"id\":"
            + own.path("id")
            + ",\"secret\":"
            + own.path("secret")
            + ",\"token\":\"forged\"}";
    assertThat(as(function, Invoked.parse(wrongToken))).isEqualTo("UnrecognizedClientException");
    String wrongSecret =
        "{\"id\":" + own.path("id") + ",\"secret\":\"wrong\",\"token\":" + own.path("token") + "}";
    assertThat(as(function, Invoked.parse(wrongSecret))).isEqualTo("InvalidSignatureException");
  }

  private static String as(TestFunction function, JsonNode credentials) {
    ObjectNode event = credentials.deepCopy();
    event.put("do", "as");
    return function.invoke(event.toString()).success().asText();
  }

  @Test
  void thereIsNoTerminal() {
    JsonNode answer = prisoner.invoke("{\"do\":\"terminal\"}").success();
    assertThat(answer.path("refused").asText())
        .isIn("ENXIO", "ENOENT", "EPERM", "EACCES", "ENODEV", "ENOTTY", "EROFS");
  }

  @Test
  void thereIsNoSharedMemoryOfTheHost() {
    refused("{\"do\":\"shared_memory\"}");
  }

  @Test
  void controlGroupsAreNotSeen() {
    JsonNode answer = got("{\"do\":\"inherited_limits\"}");
    assertThat(answer.path("nodes").asBoolean()).isFalse();
    assertThat(answer.path("mounts").asText()).doesNotContain(LAMBIC.server().data().toString());
  }

  @Test
  void whatIsPlantedInTmpLeadsNowhere() {
    TestFunction planter = TestFunction.python(LAMBIC.lambda(), "planter", "prisoner.py");
    assertThat(planter.act("plant").success().path("got").toString())
        .contains("shadow", "fifo", "socket");
    assertThat(planter.invoke("{\"do\":\"read\",\"path\":\"/tmp/shadow\"}").success().has("got"))
        .isFalse();
    assertThat(
            planter
                .invoke("{\"do\":\"read\",\"path\":\"/tmp/root/etc/shadow\"}")
                .success()
                .has("got"))
        .isFalse();
    planter.delete();
  }
}
