package dev.lambic.server;

import dev.lambic.invocation.EnvironmentStarter;
import dev.lambic.runtime.Bootstraps;
import dev.lambic.runtime.ClassArchive;
import dev.lambic.runtime.Environment;
import dev.lambic.runtime.EnvironmentFactory;
import dev.lambic.runtime.EnvironmentListener;
import dev.lambic.runtime.EnvironmentSpec;
import dev.lambic.runtime.Initialization;
import dev.lambic.runtime.JavaRuntimes;
import dev.lambic.runtime.LiveTemplate;
import dev.lambic.runtime.RuntimeCatalog;
import dev.lambic.runtime.RuntimeTarget;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The runtimes of this host and those imported to it, and environments made of them. */
final class HostRuntimes implements EnvironmentStarter {
  private final RuntimeCatalog catalog;
  private final ImportedRuntimes imported;
  private final PrintStream out;
  private final EnvironmentFactory environments;
  private final Map<String, String> told = new ConcurrentHashMap<>();
  private volatile Consumer<EnvironmentSpec> withoutSnapshot = spec -> {};

  /**
   * Those of a catalog, but for those that were imported.
   *
   * @param out told once of each runtime that is not the very one
   */
  HostRuntimes(
      RuntimeCatalog catalog,
      ImportedRuntimes imported,
      PrintStream out,
      EnvironmentFactory environments) {
    this.catalog = catalog;
    this.imported = imported;
    this.out = out;
    this.environments = environments;
  }

  /** Tells of environments of versions with snapshots that were started without one. */
  void withoutSnapshot(Consumer<EnvironmentSpec> listener) {
    withoutSnapshot = listener;
  }

  /**
   * What is found in the usual places of interpreters on this host.
   *
   * @param boto3 directory with boto3, if there is one
   * @param javas runs Java functions
   * @param cache where {@code ./lambic} keeps what it fetched, if there is such a place
   */
  static RuntimeCatalog catalog(
      Bootstraps bootstraps, Optional<Path> boto3, JavaRuntimes javas, Optional<Path> cache) {
    Path home = Path.of(System.getProperty("user.home", "/root"));
    // What was installed for functions comes first.
    List<Path> collections = new ArrayList<>();
    cache.ifPresent(directory -> collections.add(directory.resolve("runtimes")));
    collections.addAll(
        List.of(
            Path.of("/opt"),
            home.resolve(".pyenv/versions"),
            home.resolve(".nvm/versions/node"),
            home.resolve(".rbenv/versions")));
    return new RuntimeCatalog(
        bootstraps,
        boto3.orElse(null),
        List.of(Path.of("/usr"), Path.of("/usr/local")),
        collections,
        javas);
  }

  /**
   * The Java runtimes of this host, wherever those are that it is known for.
   *
   * @param client directory with the runtime interface client
   * @param work directory for what is made of it
   * @param cache where {@code ./lambic} keeps what it fetched, if there is such a place
   * @param archives makes class archives; null for starts without
   */
  static JavaRuntimes javas(
      Optional<Path> client, Path work, Optional<Path> cache, @Nullable ClassArchive archives) {
    Path home = Path.of(System.getProperty("user.home", "/root"));
    List<Path> homes = new ArrayList<>();
    Optional.ofNullable(System.getenv("JAVA_HOME"))
        .filter(name -> !name.isEmpty())
        .ifPresent(name -> homes.add(Path.of(name)));
    homes.add(Path.of(System.getProperty("java.home")));
    List<Path> collections =
        new ArrayList<>(
            List.of(
                Path.of("/usr/lib/jvm"),
                Path.of("/usr/java"),
                Path.of("/usr/local"),
                Path.of("/opt"),
                Path.of("/opt/java"),
                home.resolve(".sdkman/candidates/java"),
                home.resolve(".jdks")));
    cache.ifPresent(directory -> collections.add(directory.resolve("runtimes")));
    return new JavaRuntimes(client.orElse(null), work, homes, collections, home, archives);
  }

  @Override
  public RuntimeTarget target(String runtime) {
    Optional<RuntimeTarget> own = imported.find(runtime);
    if (own.isPresent()) {
      return own.get();
    }
    RuntimeTarget target = catalog.find(runtime);
    String warning = target.warning().orElse("");
    if (!warning.equals(told.put(runtime, warning)) && !warning.isEmpty()) {
      out.println("[WARN] " + warning + " To get it: ./lambic runtime install " + runtime);
    }
    return target;
  }

  @Override
  public Environment start(EnvironmentSpec spec, EnvironmentListener listener) {
    Environment started = environments.start(spec, listener);
    if (spec.initialization() == Initialization.SNAP_START && !started.isRestored()) {
      withoutSnapshot.accept(spec);
    }
    return started;
  }

  @Override
  public Environment template(EnvironmentSpec spec, EnvironmentListener listener) {
    return environments.template(spec, listener);
  }

  @Override
  public Optional<LiveTemplate> liveTemplate(EnvironmentSpec spec, EnvironmentListener listener) {
    return Optional.ofNullable(environments.liveTemplate(spec, listener));
  }

  @Override
  public Environment trial(EnvironmentSpec spec, EnvironmentListener listener) {
    return environments.trial(spec, listener);
  }
}
