package dev.lambic.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lambic.http.Headers;
import dev.lambic.http.HttpServer;
import dev.lambic.kernel.Ids;
import dev.lambic.kernel.Ticker;
import dev.lambic.sandbox.LinuxSandboxes;
import dev.lambic.sandbox.ReadOnlyMount;
import dev.lambic.sandbox.SandboxConfig;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Functions whose code was compiled ahead, and compilers of hostile code, in real sandboxes. */
final class CodeCacheTest {
  private static final ConcurrentLinkedQueue<Throwable> FAULTS = new ConcurrentLinkedQueue<>();
  private static final long MIB = 1L << 20;

  /** What makes a module large enough. */
  private static final String BULK = "# what makes it large\n".repeat(1000);

  private static final String LARGE =
      "VALUE = 'as it was compiled'\ndef fail():\n    raise ValueError('at its line')\n" + BULK;

  private static final String HANDLER =
      """
      import importlib.util, large, sys, traceback
      def handler(event, context):
          try:
              large.fail()
          except ValueError:
              trace = traceback.format_exc().splitlines()
          try:
              import broken
          except SyntaxError:
              frames = traceback.format_exc()
          return [
              large.VALUE, large.__file__, getattr(large, "__cached__", "none"),
              str(importlib.util.cache_from_source(large.__file__)), str(sys.pycache_prefix),
              type(large.__loader__).__name__, *trace, *frames.splitlines(),
              str(getattr(sys.modules.get("layered"), "VALUE", None)),
          ]
      """;

  @TempDir static Path directory;
  private static LinuxSandboxes sandboxes;
  private static HttpServer server;
  private static RuntimeCatalog catalog;
  private static int names;

  private final List<Environment> environments = new ArrayList<>();
  private final List<AutoCloseable> opened = new ArrayList<>();
  private final AtomicLong ahead = new AtomicLong();
  private Path trees;
  private CodeCache codes;

  @BeforeAll
  static void open() {
    sandboxes =
        LinuxSandboxes.open(
            SandboxConfig.of(directory.resolve("sandboxes")), (where, fault) -> FAULTS.add(fault));
    server = HttpServer.start(1, (where, fault) -> FAULTS.add(fault));
    catalog =
        new RuntimeCatalog(
            Bootstraps.layOut(directory.resolve("bootstraps")),
            null,
            List.of(Path.of("/usr"), Path.of("/usr/local")),
            Optional.ofNullable(System.getProperty("lambic.cache"))
                .map(cache -> List.of(Path.of(cache).resolve("runtimes")))
                .orElse(List.of()));
  }

  @AfterAll
  static void close() {
    server.close();
    sandboxes.close();
    assertThat(FAULTS).isEmpty();
  }

  @BeforeEach
  void make() throws IOException {
    trees = Files.createTempDirectory(directory, "trees");
    codes = codes(1 << 30);
  }

  @AfterEach
  void end() throws Exception {
    for (Environment environment : environments) {
      environment.kill();
      environment.gone().get(30, TimeUnit.SECONDS);
    }
    for (AutoCloseable one : opened) {
      one.close();
    }
  }

  private Path entries() {
    return trees.resolveSibling(trees.getFileName() + "-entries");
  }

  /** That of this machine, but for what a test has it go ahead. */
  private Ticker ticker() {
    return new Ticker() {
      @Override
      public long nanos() {
        return System.nanoTime() + ahead.get();
      }

      @Override
      public Instant instant() {
        return Instant.now();
      }
    };
  }

  private CodeCache codes(long maxBytes) {
    CodeCache made =
        new CodeCache(
            entries(),
            trees,
            maxBytes,
            sandboxes,
            ticker(),
            Ids.secure(),
            (where, fault) -> FAULTS.add(fault));
    opened.add(made);
    return made;
  }

  private EnvironmentFactory factory(FastPath... fast) {
    EnvironmentFactory factory = factoryWithout(fast);
    factory.use(codes);
    return factory;
  }

  private EnvironmentFactory factoryWithout(FastPath... fast) {
    EnvironmentFactory factory =
        new EnvironmentFactory(
            sandboxes,
            server,
            (request, responder) -> responder.send(404, Headers.empty(), new byte[0]),
            Ticker.system(),
            Ids.secure(),
            (where, fault) -> FAULTS.add(fault),
            Set.of(fast));
    opened.add(factory);
    return factory;
  }

  private static void await(String what, BooleanSupplier condition) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(120);
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as(what).isLessThan(deadline);
      LockSupport.parkNanos(2_000_000);
    }
  }

  /** An unpacked package, or layer, by a name that nothing else has. */
  private Path tree(Map<String, String> files) throws IOException {
    Path tree = trees.resolve("%064x".formatted(++names));
    for (Map.Entry<String, String> file : files.entrySet()) {
      Path path = tree.resolve(file.getKey());
      Files.createDirectories(path.getParent());
      Files.writeString(path, file.getValue());
    }
    try (Stream<Path> all = Files.walk(tree)) {
      for (Path one : (Iterable<Path>) all::iterator) {
        boolean isDirectory = Files.isDirectory(one);
        Files.setPosixFilePermissions(
            one, PosixFilePermissions.fromString(isDirectory ? "rwxr-xr-x" : "rw-r--r--"));
      }
    }
    return tree;
  }

  private static EnvironmentSpec spec(
      RuntimeTarget target, Map<String, String> own, Path code, @Nullable Path opt) {
    return VariablesTest.spec("e" + ++names, target, own, code, opt);
  }

  private static RuntimeTarget python() {
    return catalog.find("python3.11");
  }

  private Environment start(
      EnvironmentFactory from, EnvironmentSpec spec, RecordingListener heard) {
    Environment environment = from.start(spec, heard);
    environments.add(environment);
    return environment;
  }

  private List<String> say(EnvironmentFactory from, EnvironmentSpec spec, RecordingListener heard) {
    Environment environment = start(from, spec, heard);
    heard.next("ready");
    byte[] event = "{}".getBytes(StandardCharsets.UTF_8);
    long deadline = System.currentTimeMillis() + 60_000;
    environment.deliver(new Work("id-1", event, "arn", deadline, null, null, false));
    String said = heard.next("responded").body();
    return List.of(said.substring(2, said.length() - 2).split("\", ?\"", -1));
  }

  private List<String> say(EnvironmentFactory from, EnvironmentSpec spec) {
    return say(from, spec, new RecordingListener());
  }

  private void compile(Path code, @Nullable Path layers, RuntimeTarget target, int entries) {
    int before = codes.made();
    codes.expect("1", target, name(code), layers == null ? null : name(layers));
    await("it is compiled", () -> codes.made() - before == entries && codes.isIdle());
  }

  private static String name(Path path) {
    return path.getFileName().toString();
  }

  /** How environments can come into being. */
  enum Way {
    START,
    STEM_CELL,
    FORK;

    FastPath[] fast() {
      return switch (this) {
        case START -> new FastPath[0];
        case STEM_CELL -> new FastPath[] {FastPath.STEM_CELLS};
        case FORK -> new FastPath[] {FastPath.ZYGOTES};
      };
    }
  }

  @ParameterizedTest
  @EnumSource(Way.class)
  void modulesAreThoseThatWereCompiledAndLookAsWithout(Way way) throws IOException {
    Path code =
        tree(Map.of("handler.py", HANDLER, "large.py", LARGE, "broken.py", "def (:\n    pass\n"));
    List<String> without = say(factoryWithout(), spec(python(), Map.of(), code, null));
    compile(code, null, python(), 1);
    // Nobody changes code. Here it proves that the source is not compiled again.
    Files.writeString(
        code.resolve("large.py"), LARGE.replace("as it was compiled", "as it became"));
    EnvironmentFactory factory = factory(way.fast());
    if (way != Way.START) {
      factory.expect("000000000000", "r", "owner", "1", python(), 1024, 512, Map.of());
    }
    if (way == Way.STEM_CELL) {
      await(
          "cells wait",
          () -> factory.stock().cells().stream().anyMatch(c -> c.binding().isAsked()));
    } else if (way == Way.FORK) {
      Recipe recipe = Recipe.of(spec(python(), Map.of(), code, null)).orElseThrow();
      await(
          "a zygote is ready",
          () -> {
            Zygote zygote = factory.zygotes().find(Zygotes.Kind.ofAll(recipe), List.of());
            return zygote != null && zygote.isReady();
          });
    }
    assertThat(say(factory, spec(python(), Map.of(), code, null))).isEqualTo(without);
    assertThat(without).contains("as it was compiled", "/var/task/large.py");
    assertThat(factory.stock().taken()).isEqualTo(way == Way.STEM_CELL ? 1 : 0);
    assertThat(factory.zygotes().forks() > 0).isEqualTo(way == Way.FORK);
  }

  @Test
  void isMadeAfterTheFirstStartOfCodeAndOfLayers() throws IOException {
    String layered = "VALUE = 'layer as compiled'\n" + BULK;
    Path layers = tree(Map.of("python/layered.py", layered));
    String handler = "import layered\n" + HANDLER;
    Path code = tree(Map.of("handler.py", handler, "large.py", LARGE, "broken.py", "def ("));
    EnvironmentFactory factory = factory();
    say(factory, spec(python(), Map.of(), code, layers));
    await("both are compiled", () -> codes.made() == 2);
    Files.writeString(
        layers.resolve("python/layered.py"), layered.replace("compiled", "it became"));
    assertThat(say(factory, spec(python(), Map.of(), code, layers)).getLast())
        .isEqualTo("layer as compiled");
  }

  @Test
  void byteCodeThatComesWithTheCodeCountsAsWithout() throws IOException {
    Path code =
        tree(
            Map.of(
                "handler.py",
                "import large\ndef handler(e, c): return [large.VALUE, '']",
                "large.py",
                LARGE));
    List<String> command = new ArrayList<>(List.of("/usr/bin/python3", "-I", "-c"));
    command.add(
        """
        import py_compile, sys
        code, mode = sys.argv[1], py_compile.PycInvalidationMode.UNCHECKED_HASH
        source = open(code).read()
        open(code, "w").write(source.replace("as it was compiled", "as its byte-code says"))
        py_compile.compile(code, doraise=True, invalidation_mode=mode)
        open(code, "w").write(source)
        """);
    command.add(code.resolve("large.py").toString());
    run(command);
    run(List.of("chmod", "-R", "a+rX", code.toString()));
    List<String> without = say(factoryWithout(), spec(python(), Map.of(), code, null));
    compile(code, null, python(), 1);
    assertThat(say(factory(), spec(python(), Map.of(), code, null))).isEqualTo(without);
  }

  private static void run(List<String> command) throws IOException {
    Process process = new ProcessBuilder(command).inheritIO().start();
    try {
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
      assertThat(process.exitValue()).isZero();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void importHooksThatMakeSomethingElseOfTheSourceDoSo() throws IOException {
    String handler =
        """
        import importlib, sys
        from importlib.machinery import ModuleSpec, SourceFileLoader
        class Changing(SourceFileLoader):
            def get_data(self, path):
                return super().get_data(path).replace(b"as it was compiled", b"as a hook has it")
            def source_to_code(self, data, path, *, _optimization=-1):
                return super().source_to_code(data.replace(b"a hook", b"hooks"), path)
        class Finder:
            @staticmethod
            def find_spec(name, path=None, target=None):
                if name == "large":
                    return ModuleSpec(name, Changing(name, "/var/task/large.py"))
        def handler(event, context):
            values = [importlib.import_module("large").VALUE]
            def again():
                del sys.modules["large"]
                values.append(importlib.import_module("large").VALUE)
            sys.meta_path.insert(0, Finder)
            again()
            del sys.meta_path[0]
            inherited = SourceFileLoader.source_to_code
            SourceFileLoader.source_to_code = lambda self, data, path, **more: inherited(
                self, data.replace(b"as it was", b"as patched, not"), path, **more)
            again()
            return values
        """;
    Path code = tree(Map.of("handler.py", handler, "large.py", LARGE));
    List<String> without = say(factoryWithout(), spec(python(), Map.of(), code, null));
    compile(code, null, python(), 1);
    assertThat(say(factory(), spec(python(), Map.of(), code, null)))
        .isEqualTo(without)
        .containsExactly("as it was compiled", "as hooks has it", "as patched, not compiled");
  }

  @Test
  void functionsCannotChangeItAndOthersCodeIsNotTheirs() throws IOException {
    String handler =
        """
        import large, os
        def tried(action):
            try:
                action()
                return "done"
            except OSError as e:
                return type(e).__name__
        def handler(event, context):
            there = "/var/rapid/code/modules"
            return [
                large.VALUE,
                tried(lambda: open(there, "r+b")),
                tried(lambda: os.remove(there)),
                tried(lambda: os.rename(there, there + "1")),
                tried(lambda: os.chmod(there, 0o777)),
                tried(lambda: os.symlink("/tmp", "/var/rapid/code/own")),
                tried(lambda: open("/var/rapid/layers/modules", "wb")),
            ]
        """;
    Path mine = tree(Map.of("handler.py", handler, "large.py", LARGE));
    compile(mine, null, python(), 1);
    EnvironmentFactory factory = factory();
    List<String> said = say(factory, spec(python(), Map.of(), mine, null));
    assertThat(said.getFirst()).isEqualTo("as it was compiled");
    assertThat(said.subList(1, said.size())).hasSize(6).doesNotContain("done");
    String other = LARGE.replace("as it was compiled", "of others");
    Path others = tree(Map.of("handler.py", handler, "large.py", other));
    assertThat(say(factory, spec(python(), Map.of(), others, null)).getFirst())
        .isEqualTo("of others");
  }

  @Test
  void codeThatMayChangeIsNeverCompiled() throws IOException {
    Path kept = tree(Map.of("handler.py", "def handler(e, c): return ['', '']", "large.py", LARGE));
    Path own = Files.createTempDirectory(directory, "own");
    Path moved = Files.move(kept, own.resolve(kept.getFileName()));
    say(factory(), spec(python(), Map.of(), moved, null));
    Path next = tree(Map.of("large.py", LARGE));
    compile(next, null, python(), 1);
    assertThat(codes.made()).isEqualTo(1);
  }

  @Test
  void hostileSourcesCostTheirOwnEntryOnly() throws IOException {
    Path code = tree(Map.of("handler.py", HANDLER, "large.py", LARGE, "broken.py", "def ("));
    Files.writeString(code.resolve("deep.py"), "x = " + "(".repeat(200_000));
    Files.writeString(code.resolve("deeper.py"), "x = " + "-".repeat(500_000) + "1");
    Files.writeString(code.resolve("lists.py"), "x = " + "[".repeat(90) + "]".repeat(90));
    Files.write(code.resolve("zeroes.py"), new byte[100_000]);
    Files.writeString(code.resolve("coded.py"), "# coding: no-such\nx = 1\n");
    try (var huge = new java.io.RandomAccessFile(code.resolve("huge.py").toFile(), "rw")) {
      huge.setLength(100 * MIB);
    }
    Files.createSymbolicLink(code.resolve("linked.py"), Path.of("large.py"));
    Files.createSymbolicLink(code.resolve("looped"), Path.of("."));
    Files.createDirectory(code.resolve("directory.py"));
    run(List.of("mkfifo", code.resolve("fifo.py").toString()));
    Path many = Files.createDirectory(code.resolve("many"));
    for (int i = 0; i < 3000; i++) {
      Files.writeString(many.resolve("m" + i + ".py"), "x = " + i + "\n");
    }
    Path other = tree(Map.of("large.py", LARGE));
    codes.expect("1", python(), name(code), null);
    codes.expect("1", python(), name(other), null);
    await("all is done", codes::isIdle);
    assertThat(Files.isDirectory(entry(other))).isTrue();
    assertThat(Files.isDirectory(entry(code))).isTrue();
    assertThat(say(factory(), spec(python(), Map.of(), code, null))).contains("as it was compiled");
  }

  private Path entry(Path tree) throws IOException {
    try (Stream<Path> all = Files.list(entries())) {
      return all.filter(one -> name(one).startsWith(name(tree)))
          .findFirst()
          .orElse(entries().resolve("none"));
    }
  }

  /** A runtime whose compiler does what a broken interpreter might. */
  private static RuntimeTarget broken(String compiler) throws IOException {
    Path bootstrap = Files.createTempDirectory(directory, "bootstrap");
    Files.writeString(bootstrap.resolve("compile.py"), "import os, sys, time\n" + compiler);
    run(List.of("chmod", "-R", "a+rX", bootstrap.toString()));
    return new RuntimeTarget(
        "python3.11",
        true,
        List.of(new ReadOnlyMount(bootstrap, Bootstraps.INSIDE)),
        List.of("/usr/bin/python3"),
        Map.of(),
        Optional.empty());
  }

  private CodeCompiler.End compiles(String compiler, long seconds) throws Exception {
    Services services =
        new Services(
            Ticker.system(), Ids.secure(), (where, fault) -> FAULTS.add(fault), new ByteBudget(0));
    try (CodeCompiler by =
        new CodeCompiler(sandboxes, services, TimeUnit.SECONDS.toNanos(seconds))) {
      Path output = Files.createTempFile(directory, "output", "");
      Path tree = tree(Map.of("large.py", LARGE));
      CodeCompiler.End end =
          by.compile(CompiledLanguage.PYTHON, broken(compiler), tree, "/var/task", output);
      assertThat(Files.size(output)).isLessThanOrEqualTo(CodeCompiler.MAX_BYTES);
      return end;
    }
  }

  @Test
  void compilersEndAtTheirLimits() throws Exception {
    assertThat(compiles("os.write(1, b'well')", 60)).isEqualTo(CodeCompiler.End.WELL);
    assertThat(compiles("sys.exit(1)", 60)).isEqualTo(CodeCompiler.End.BADLY);
    assertThat(compiles("os.kill(os.getpid(), 11)", 60)).isEqualTo(CodeCompiler.End.EARLY);
    assertThat(compiles("x = []\nwhile True: x.append(bytearray(1 << 20))", 60))
        .isEqualTo(CodeCompiler.End.EARLY);
    assertThat(compiles("while True: os.write(1, bytes(1 << 20))", 60))
        .isEqualTo(CodeCompiler.End.BADLY);
    assertThat(compiles("time.sleep(999)", 1)).isEqualTo(CodeCompiler.End.EARLY);
    // Nothing of the host, and nothing that tells whose code it is.
    assertThat(
            compiles(
                "import socket\nassert sorted(os.environ) == ['LC_CTYPE', 'LD_LIBRARY_PATH', 'PATH'], os.environ\n"
                    + "assert os.listdir('/opt') == []\n"
                    + "assert not os.access('/var/task', os.W_OK)\n"
                    + "for port in (9001, 4566):\n"
                    + "    assert socket.socket().connect_ex(('127.0.0.1', port)) != 0\n",
                60))
        .isEqualTo(CodeCompiler.End.WELL);
  }

  /**
   * A compiler that prints what has the form of compiled code when it may go on, and waits or ends.
   */
  private static final String WHEN_IT_MAY =
      """
      os.write(1, b"lambic code\\n")
      while not os.path.exists("/var/task/go"):
          %s
      os.write(1, bytes(6) + (17).to_bytes(8, "little"))
      """;

  private boolean hasBegun() {
    try (Stream<Path> all = Files.walk(entries())) {
      return all.anyMatch(one -> name(one).equals("printed") && one.toFile().length() > 0);
    } catch (IOException | UncheckedIOException e) {
      return false;
    }
  }

  @Test
  void thereIsNoneOfAPackageThatGoesMeanwhileAndOneWhenItComesBack() throws IOException {
    RuntimeTarget target = broken(WHEN_IT_MAY.formatted("time.sleep(0.01)"));
    Path tree = tree(Map.of("large.py", LARGE));
    codes.expect("1", target, name(tree), null);
    await("it is being compiled", this::hasBegun);
    Path aside = Files.move(tree, Files.createTempDirectory(directory, "aside").resolve("tree"));
    Files.createFile(aside.resolve("go"));
    await("that is over", codes::isIdle);
    assertThat(entry(tree)).doesNotExist();
    codes.expect("1", target, name(tree), null);
    await("there is nothing to compile", codes::isIdle);
    Files.move(aside, tree);
    compile(tree, null, target, 1);
  }

  @Test
  void whatWasKilledIsTriedAgainLater() throws IOException {
    RuntimeTarget target = broken(WHEN_IT_MAY.formatted("os.kill(os.getpid(), 9)"));
    Path tree = tree(Map.of("large.py", LARGE));
    codes.expect("1", target, name(tree), null);
    await("it is killed", codes::isIdle);
    Files.createFile(tree.resolve("go"));
    codes.expect("1", target, name(tree), null);
    assertThat(codes.isIdle()).as("it is not tried yet").isTrue();
    ahead.addAndGet(TimeUnit.MINUTES.toNanos(16));
    compile(tree, null, target, 1);
  }

  @Test
  void whatWasRemovedByHandIsMadeAgain() throws IOException {
    Path code = tree(Map.of("large.py", LARGE));
    compile(code, null, python(), 1);
    run(List.of("rm", "-r", entry(code).toString()));
    EnvironmentSpec spec = spec(python(), Map.of(), code, null);
    assertThat(codes.mounts(spec)).isEmpty();
    await("it is made again", () -> codes.made() == 2 && codes.isIdle());
    assertThat(codes.mounts(spec)).hasSize(1);
  }

  @Test
  void whatAnEndInBetweenLeftIsNotUsed() throws IOException {
    Path code = tree(Map.of("large.py", LARGE));
    compile(code, null, python(), 1);
    Path whole = entry(code);
    Path other = tree(Map.of("large.py", LARGE));
    compile(other, null, python(), 1);
    Path half = entry(other);
    codes.close();
    // As far as a deletion may have come.
    Files.delete(CodeCache.setAside(half).resolve("entry/modules"));
    Files.createDirectories(entries().resolve("unfinished-1/entry"));
    Path gone = Files.createDirectory(entries().resolve("%064x-code-0".formatted(1 << 30)));
    codes = codes(1 << 30);
    assertThat(entries().resolve("unfinished-1")).doesNotExist();
    assertThat(gone).as("its package is gone").doesNotExist();
    assertThat(whole).exists();
    assertThat(codes.entries()).isEqualTo(1);
    try (Stream<Path> left = Files.list(entries())) {
      assertThat(left).containsExactly(whole);
    }
    EnvironmentSpec spec = spec(python(), Map.of(), code, null);
    assertThat(codes.mounts(spec)).containsExactly(new ReadOnlyMount(whole, "/var/rapid/code"));
  }

  @Test
  void goesWithItsPackageAndWhenThereAreTooMany() throws IOException {
    codes.close();
    codes = codes(60_000);
    Path first = tree(Map.of("large.py", LARGE + filling(1)));
    Path second = tree(Map.of("large.py", LARGE + filling(2)));
    compile(first, null, python(), 1);
    assertThat(codes.mounts(spec(python(), Map.of(), first, null))).hasSize(1);
    compile(second, null, python(), 1);
    await("the older one goes", () -> codes.entries() == 1);
    run(List.of("rm", "-r", second.toString()));
    Path third = tree(Map.of("large.py", LARGE));
    compile(third, null, python(), 1);
    await("that of the package that is gone goes", () -> codes.entries() == 1);
    assertThat(codes.mounts(spec(python(), Map.of(), third, null))).hasSize(1);
  }

  private static String filling(int number) {
    return "\nTEXT = '" + ("" + number).repeat(40_000) + "'\n";
  }

  @Test
  void nodeTakesWhatWasCompiled() throws IOException {
    RuntimeTarget node = catalog.find("nodejs22.x");
    String filling = "// what makes it large\n".repeat(4000);
    String module = "exports.value = (() => 'ran')();\n" + filling;
    Path code =
        tree(
            Map.of(
                "handler.mjs",
                "import m from 'node:module'; import large from './large.cjs'; import own from './own.mjs';\n"
                    + "export const handler = async () => [large.value, own, m.getCompileCacheDir?.() ?? 'none'];",
                "large.cjs",
                module,
                "own.mjs",
                "export default (() => 'too')();\n" + filling));
    codes.expect("1", node, name(code), null);
    await("it is compiled, or cannot be", codes::isIdle);
    boolean can = codes.made() == 1;
    assertThat(can).as("version 22 and newer").isEqualTo(node.warning().isEmpty());
    RecordingListener heard = new RecordingListener();
    Map<String, String> own = Map.of("NODE_DEBUG_NATIVE", "COMPILE_CACHE");
    List<String> said = say(factory(), spec(node, own, code, null), heard);
    assertThat(said).startsWith("ran", "too");
    assertThat(said.getLast()).startsWith(can ? "/var/rapid/code" : "none");
    if (can) {
      await("Node.js says so", () -> accepted(heard, "/var/task/large.cjs"));
      await("of both kinds", () -> accepted(heard, "file:///var/task/own.mjs"));
    }
  }

  private static boolean accepted(RecordingListener heard, String file) {
    return heard
        .output()
        .lines()
        .anyMatch(line -> line.contains(file) && line.contains("accepted"));
  }
}
