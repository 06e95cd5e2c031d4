package dev.lambic.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lambic.http.Headers;
import dev.lambic.http.HttpServer;
import dev.lambic.kernel.Ids;
import dev.lambic.kernel.Ticker;
import dev.lambic.sandbox.LinuxSandboxes;
import dev.lambic.sandbox.SandboxConfig;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Ruby environments that are forked or bound, in real sandboxes. */
@ParameterizedClass
@MethodSource("runtimes")
final class RubyZygoteTest {
  private static final ConcurrentLinkedQueue<Throwable> FAULTS = new ConcurrentLinkedQueue<>();

  private static final String RANDOM =
      """
      require 'openssl'
      require 'securerandom'
      require 'tempfile'
      FIRST = rand
      def handler(event:, context:)
        File.write('/tmp/own', 'x', mode: File::CREAT | File::EXCL | File::WRONLY)
        [FIRST, rand, Random.rand(2**64), Random.new.rand, Random.new_seed, Random.seed,
         (1..99).to_a.shuffle.join, SecureRandom.hex, SecureRandom.uuid, Random.urandom(9).unpack1('H*'),
         OpenSSL::Random.random_bytes(9).unpack1('H*'), OpenSSL::PKey::EC.generate('prime256v1').to_der.hash,
         Tempfile.new('x').path, Tempfile.create('x').path, $$, Process.pid].map(&:to_s)
      end
      """;

  /** The last two are numbers of processes. */
  private static final int RANDOMS = 14;

  /** A gem of the name of one that comes with Ruby, which is then what a start would load. */
  private static final String GEM =
      """
      MINE = 'own json'
      load File.join(RbConfig::CONFIG['rubylibdir'], 'json.rb')
      """;

  private static final String SPECIFICATION =
      """
      Gem::Specification.new { |s| s.name = 'json'; s.version = '99.0'; s.summary = 'x'
        s.authors = ['x']; s.files = ['lib/json.rb'] }
      """;

  private static final String TELLS =
      """
      def handler(event:, context:)
        [defined?(MINE) ? MINE : 'none', Gem.loaded_specs['json'].version.to_s, $LOADED_FEATURES.grep(/json.rb/).join]
      end
      """;

  @TempDir static Path directory;
  private static LinuxSandboxes sandboxes;
  private static HttpServer server;
  private static RuntimeCatalog catalog;
  private static int names;

  private final String runtime;
  private final String bundle;
  private final List<Environment> environments = new ArrayList<>();
  private EnvironmentFactory factory;

  RubyZygoteTest(String runtime) {
    this.runtime = runtime;
    this.bundle = "vendor/bundle/ruby/" + runtime.substring("ruby".length()) + ".0/";
  }

  static List<String> runtimes() {
    return HostInterpreters.runtimes("ruby", "ruby3.3");
  }

  @BeforeAll
  static void open() {
    sandboxes =
        LinuxSandboxes.open(
            SandboxConfig.of(directory.resolve("sandboxes")), (where, fault) -> FAULTS.add(fault));
    server = HttpServer.start(1, (where, fault) -> FAULTS.add(fault));
    catalog = HostInterpreters.catalog(directory.resolve("bootstraps"));
  }

  @AfterAll
  static void close() {
    server.close();
    sandboxes.close();
    assertThat(FAULTS).isEmpty();
  }

  @BeforeEach
  void make() {
    factory = factory(FastPath.ZYGOTES, FastPath.IMPORT_ZYGOTES);
  }

  @AfterEach
  void end() throws Exception {
    for (Environment environment : environments) {
      environment.kill();
      environment.gone().get(30, TimeUnit.SECONDS);
    }
    factory.close();
  }

  private static EnvironmentFactory factory(FastPath... fast) {
    return new EnvironmentFactory(
        sandboxes,
        server,
        (request, responder) -> responder.send(404, Headers.empty(), new byte[0]),
        Ticker.system(),
        Ids.secure(),
        (where, fault) -> FAULTS.add(fault),
        Set.of(fast));
  }

  private static void await(String what, BooleanSupplier condition) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as(what).isLessThan(deadline);
      LockSupport.parkNanos(1_000_000);
    }
  }

  private static Path files(Map<String, String> texts) {
    try {
      Path code = Files.createTempDirectory(directory, "code");
      for (Map.Entry<String, String> file : texts.entrySet()) {
        Path path = code.resolve(file.getKey());
        Files.createDirectories(path.getParent());
        Files.writeString(path, file.getValue());
      }
      Files.setPosixFilePermissions(code, PosixFilePermissions.fromString("rwxr-xr-x"));
      return code;
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private EnvironmentSpec spec(Path code, Map<String, String> own, @Nullable Path opt) {
    return VariablesTest.spec("ruby-test-" + names++, catalog.find(runtime), own, code, opt);
  }

  /** What a function says in an environment of its own, as lines. */
  private List<String> say(EnvironmentFactory from, EnvironmentSpec spec) {
    RecordingListener heard = new RecordingListener();
    Environment environment = from.start(spec, heard);
    environments.add(environment);
    heard.next("ready");
    byte[] event = "{}".getBytes(StandardCharsets.UTF_8);
    long deadline = System.currentTimeMillis() + 60_000;
    environment.deliver(new Work("id-1", event, "arn", deadline, null, null, false));
    String said = heard.next("responded").body();
    return List.of(said.substring(2, said.length() - 2).split("\", ?\"", -1));
  }

  private void awaitZygote() {
    EnvironmentSpec spec = spec(directory, Map.of(), null);
    Zygotes.Kind kind = Zygotes.Kind.ofAll(Recipe.of(spec).orElseThrow());
    await("a zygote", () -> factory.zygotes().find(kind, List.of()) != null);
  }

  private static String resource(String name) throws IOException {
    try (var in = RubyZygoteTest.class.getResourceAsStream(name)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  /** But for what is named here: the process's number, the second filter, an order. */
  private static List<String> comparable(List<String> facts) {
    return facts.stream()
        .filter(fact -> !fact.startsWith("status Seccomp_filters"))
        .map(fact -> fact.replaceFirst("^pid (\\d+) (\\d+) \\1$", "pid N $2 N"))
        // Mounts were made in another order.
        .sorted()
        .toList();
  }

  @Test
  void aForkSeesOfItselfWhatItSeesAfterAStart() throws IOException {
    Path code = files(Map.of("handler.rb", resource("facts.rb")));
    Path opt = files(Map.of("layer.txt", "layer"));
    Map<String, String> own =
        Map.of(
            "COLOUR",
            "blue ü\nline",
            "TZ",
            "America/New_York",
            "HOME",
            "/tmp",
            "GEM_PATH",
            "/opt/x");
    List<String> started = say(factory(), spec(code, own, opt));
    awaitZygote();
    List<String> forked = say(factory, spec(code, own, opt));
    assertThat(factory.zygotes().forks()).isEqualTo(1);
    assertThat(started).hasSizeGreaterThan(40);
    assertThat(comparable(forked)).containsExactlyElementsOf(comparable(started));
    assertThat(String.join("\n", forked)).doesNotContain("LAMBIC", "LD_PRELOAD", "Zygote");
  }

  @Test
  void forksShareNoRandomness() {
    Path code = files(Map.of("handler.rb", RANDOM));
    awaitZygote();
    List<String> one = say(factory, spec(code, Map.of(), null));
    List<String> two = say(factory, spec(code, Map.of(), null));
    assertThat(factory.zygotes().forks()).isEqualTo(2);
    assertThat(one).hasSize(RANDOMS + 2);
    for (int i = 0; i < RANDOMS; i++) {
      assertThat(one.get(i)).as("randomness %d", i).isNotEmpty().isNotEqualTo(two.get(i));
    }
    assertThat(one.get(RANDOMS)).as("its number").isEqualTo(one.get(RANDOMS + 1));
  }

  /** Bound by a stem cell that was started, or forked. */
  @ParameterizedTest
  @EnumSource(
      value = FastPath.class,
      names = {"STEM_CELLS", "ZYGOTES"})
  void gemsAndFilesOfAFunctionComeBeforeWhatIsLoadedAlready(FastPath path) {
    EnvironmentFactory fast = factory(path);
    try {
      Path gems =
          files(
              Map.of(
                  "gems/json-99.0/lib/json.rb",
                  GEM,
                  "specifications/json-99.0.gemspec",
                  SPECIFICATION));
      Path bundled =
          files(
              Map.of(
                  "handler.rb",
                  TELLS,
                  bundle + "gems/json-99.0/lib/json.rb",
                  GEM,
                  bundle + "specifications/json-99.0.gemspec",
                  SPECIFICATION));
      Path plain = files(Map.of("handler.rb", TELLS, "json/data.json", "{}", ".bundle/config", ""));
      Path file = files(Map.of("handler.rb", TELLS, "json.rb", GEM));
      List<EnvironmentSpec> specs =
          List.of(
              spec(plain, Map.of(), null),
              spec(bundled, Map.of(), null),
              spec(plain, Map.of("GEM_PATH", "/opt"), gems),
              spec(file, Map.of(), null));
      fast.expect("000000000000", "r", "f", "1", catalog.find(runtime), 1024, 512, Map.of());
      List<List<String>> all = new ArrayList<>();
      for (EnvironmentSpec spec : specs) {
        awaitReady(fast, path);
        all.add(say(fast, spec));
        assertThat(say(factory(), spec(spec.code(), spec.variables(), spec.opt())))
            .isEqualTo(all.getLast());
      }
      assertThat(path == FastPath.ZYGOTES ? fast.zygotes().forks() : fast.stock().taken())
          .isEqualTo(specs.size());
      assertThat(all)
          .extracting(List::getFirst)
          .containsExactly("none", "own json", "own json", "own json");
      assertThat(all.get(1)).contains("99.0");
      assertThat(all.get(2)).contains("99.0");
    } finally {
      fast.close();
    }
  }

  private void awaitReady(EnvironmentFactory fast, FastPath path) {
    if (path == FastPath.STEM_CELLS) {
      await(
          "a cell waits",
          () -> fast.stock().cells().stream().anyMatch(cell -> cell.binding().isAsked()));
      return;
    }
    Zygotes.Kind kind =
        Zygotes.Kind.ofAll(Recipe.of(spec(directory, Map.of(), null)).orElseThrow());
    await("a zygote", () -> fast.zygotes().find(kind, List.of()) != null);
  }

  @Test
  void aZygoteThatDiesIsReplaced() {
    Path code = files(Map.of("handler.rb", "def handler(event:, context:) = ['ok']\n"));
    awaitZygote();
    assertThat(say(factory, spec(code, Map.of(), null))).containsExactly("ok");
    Zygotes.Kind kind = Zygotes.Kind.ofAll(Recipe.of(spec(code, Map.of(), null)).orElseThrow());
    Zygote zygote = factory.zygotes().find(kind, List.of());
    assertThat(zygote).isNotNull();
    zygote.template().sandbox().clear();
    assertThat(say(factory, spec(code, Map.of(), null))).containsExactly("ok");
    awaitZygote();
    assertThat(say(factory, spec(code, Map.of(), null))).containsExactly("ok");
    assertThat(factory.zygotes().forks()).isGreaterThanOrEqualTo(2);
  }

  @Test
  void functionsOfForksUseThreadsTimersAndProcesses() {
    Path code =
        files(
            Map.of(
                "handler.rb",
                """
                require 'timeout'
                def handler(event:, context:)
                  late = begin
                    Timeout.timeout(0.02) { loop {} }
                  rescue Timeout::Error
                    'late'
                  end
                  busy = 3.times.map { |n| Thread.new { 200_000.times { n + 1 }; n } }.sum(&:value)
                  reader, writer = IO.pipe
                  child = fork { writer.write(rand.to_s); exit!(0) }
                  Process.wait(child)
                  writer.close
                  GC.start
                  trap(:USR1) { $heard = 'heard' }
                  Process.kill(:USR1, $$)
                  sleep 0.001 until $heard
                  [late, busy.to_s, $?.exitstatus.to_s, (reader.read == rand.to_s).to_s, $heard,
                   %x(echo shell).chomp]
                end
                """));
    awaitZygote();
    assertThat(say(factory, spec(code, Map.of(), null)))
        .containsExactly("late", "3", "0", "false", "heard", "shell");
    assertThat(factory.zygotes().forks()).isEqualTo(1);
  }
}
