package dev.lambic.runtime;

import dev.lambic.http.HttpHandler;
import dev.lambic.http.HttpServer;
import dev.lambic.kernel.Blame;
import dev.lambic.kernel.FaultHandler;
import dev.lambic.kernel.Ids;
import dev.lambic.kernel.LambicException;
import dev.lambic.kernel.Ticker;
import dev.lambic.sandbox.Command;
import dev.lambic.sandbox.Limits;
import dev.lambic.sandbox.OutputListener;
import dev.lambic.sandbox.ReadOnlyMount;
import dev.lambic.sandbox.Sandbox;
import dev.lambic.sandbox.SandboxException;
import dev.lambic.sandbox.SandboxProcess;
import dev.lambic.sandbox.Sandboxes;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Starts execution environments, out of what is kept ready where there is something.
 *
 * <p>Two addresses are served on the loopback of each environment: the Runtime API on port 9001 and
 * the AWS endpoint on port 4566. Safe for use by many threads.
 */
public final class EnvironmentFactory implements AutoCloseable {
  /** Memory for events on their way to extensions, of all environments. */
  private static final long TELEMETRY_BYTES = 64 * Cells.MIB;

  private final Cells cells;
  private final Services services;
  private final Zygotes zygotes;
  private final Imports imports;
  private final Stock stock;
  private final List<CellSource> sources;
  private final LiveTemplates templates;
  private volatile Consumer<EnvironmentSpec> templateWanted = spec -> {};
  private volatile @Nullable SnapshotStore store;
  private volatile @Nullable CodeCache compiled;

  /** A factory that keeps nothing ready. */
  public EnvironmentFactory(
      Sandboxes sandboxes,
      HttpServer server,
      HttpHandler aws,
      Ticker ticker,
      Ids ids,
      FaultHandler faults) {
    this(sandboxes, server, aws, ticker, ids, faults, Set.of());
  }

  /**
   * A factory.
   *
   * @param aws answers what functions ask of AWS
   * @param ids names extensions
   * @param fast the ways that may be taken to be faster
   */
  public EnvironmentFactory(
      Sandboxes sandboxes,
      HttpServer server,
      HttpHandler aws,
      Ticker ticker,
      Ids ids,
      FaultHandler faults,
      Set<FastPath> fast) {
    this.cells = new Cells(sandboxes, server, aws);
    this.services = new Services(ticker, ids, faults, new ByteBudget(TELEMETRY_BYTES));
    this.zygotes = new Zygotes(cells, services, Set.copyOf(fast));
    this.imports = new Imports(zygotes, Set.copyOf(fast));
    this.stock = new Stock(cells, zygotes, services, Set.copyOf(fast));
    this.sources = List.of(imports, stock, zygotes);
    this.templates = new LiveTemplates(cells, services, Set.copyOf(fast));
  }

  /**
   * Calls of a function's version may come, so that something is kept ready for it; of several
   * calls only the last counts. Returns at once.
   *
   * @param account twelve digits
   * @param version {@code $LATEST} or a number
   * @param memoryMb the function's memory
   * @param tmpMb the size of its {@code /tmp}
   * @param variables its own
   */
  public void expect(
      String account,
      String region,
      String function,
      String version,
      RuntimeTarget target,
      int memoryMb,
      int tmpMb,
      Map<String, String> variables) {
    String owner = Stock.owner(account, region, function, version);
    stock.expect(owner, account, target, memoryMb, tmpMb, variables);
  }

  /** From now on environments of versions with snapshots are started from these. */
  public void use(SnapshotStore snapshots) {
    store = snapshots;
  }

  /**
   * As {@link #expect}, so that what functions consist of is compiled ahead; returns at once.
   *
   * @param account whose they are, twelve digits
   * @param code digest of the function's package
   * @param layers digest of its merged layers; null if it has none
   */
  public void expectCode(
      String account, RuntimeTarget target, String code, @Nullable String layers) {
    CodeCache codes = compiled;
    if (codes != null) {
      codes.expect(account, target, code, layers);
    }
  }

  /** From now on environments have what was compiled ahead of their code. */
  public void use(CodeCache codes) {
    compiled = codes;
  }

  /**
   * Tells of environments of versions with snapshots for which there should be a {@linkplain
   * #liveTemplate live template} and is none; must return at once.
   */
  public void templateWanted(Consumer<EnvironmentSpec> listener) {
    templateWanted = listener;
  }

  /** A function's version is gone, of which {@link #expect} told; returns at once. */
  public void forget(String account, String region, String function, String version) {
    String owner = Stock.owner(account, region, function, version);
    stock.forget(owner);
    templates.forget(owner);
  }

  /** What versions are forked from; for tests. */
  LiveTemplates templates() {
    return templates;
  }

  /** What is forked; for tests. */
  Zygotes zygotes() {
    return zygotes;
  }

  /** What is known of imports; for tests. */
  Imports imports() {
    return imports;
  }

  /** What is kept ready; for tests. */
  Stock stock() {
    return stock;
  }

  /** Ends what is kept ready; environments live on. */
  @Override
  public void close() {
    stock.close();
    zygotes.close();
    templates.close();
  }

  /**
   * Starts the environment and returns while its runtime initialises; waits for a bounded time.
   *
   * @throws LambicException with code {@code Runtime.InvalidEntrypoint} if the code brings no
   *     program that can be started
   * @throws LambicException with code {@code Extension.LaunchError} if an extension cannot be
   *     started
   * @throws LambicException with code {@code EFSMountFailureException} if a file system cannot be
   *     mounted
   * @throws LambicException with code {@code SandboxFailure} if the host refuses a step
   */
  public Environment start(EnvironmentSpec spec, EnvironmentListener listener) {
    if (spec.initialization() != Initialization.SNAP_START) {
      return start(spec, listener, null);
    }
    SnapshotStore snapshots = store;
    SnapshotStore.@Nullable Snapshot snapshot = snapshots == null ? null : snapshots.find(spec);
    if (snapshots != null && snapshot != null) {
      listener.starts(true);
      Environment forked = fork(spec, listener, snapshots.name(spec));
      if (forked != null) {
        return forked;
      }
      try {
        return start(spec, listener, new SnapStart.Restored(snapshot, false));
      } catch (LambicException e) {
        // Whatever is wrong with it, it costs time and no more.
        snapshots.spoilt(snapshot, e);
      }
    }
    listener.starts(false);
    return start(spec, listener, new SnapStart.Direct(services.ids().hex32()));
  }

  /** An environment out of the live template of its version; null if there is none that works. */
  @Nullable Environment fork(EnvironmentSpec spec, EnvironmentListener listener, String state) {
    LiveTemplates.Place place = templates.take(state, spec);
    if (place != null) {
      try {
        SnapStart.Mode mode = new SnapStart.Forked(place.template());
        return start(spec, listener, mode, place.cell(), program(spec), List.of());
      } catch (LambicException e) {
        templates.drop(place.template());
      }
    }
    if (templates.isWanted(state, spec)) {
      templateWanted.accept(spec);
    }
    return null;
  }

  /**
   * Starts a process of a version of which there is a snapshot, out of which environments of it
   * will be forked, and returns while its runtime initialises.
   *
   * @return null if there can be none, or is one
   * @throws LambicException as {@link #start} does
   */
  public @Nullable LiveTemplate liveTemplate(EnvironmentSpec spec, EnvironmentListener listener) {
    SnapshotStore snapshots = store;
    if (snapshots == null || snapshots.find(spec) == null) {
      return null;
    }
    return liveTemplate(spec, listener, snapshots.name(spec));
  }

  /**
   * The same, whether there is a snapshot or not.
   *
   * @param state names all that the environments depend on
   */
  @Nullable LiveTemplate liveTemplate(
      EnvironmentSpec spec, EnvironmentListener listener, String state) {
    if (!templates.begin(state, spec)) {
      return null;
    }
    Command command = new Command(program(spec), List.of(), directory(spec));
    try {
      return templates.start(state, spec, listener, command, mounts(spec, true, false));
    } catch (UnsupportedOperationException e) {
      return null;
    }
  }

  /**
   * Starts an environment of which a snapshot is to be made, and returns while its runtime
   * initialises.
   *
   * @throws LambicException as {@link #start} does
   */
  public Environment template(EnvironmentSpec spec, EnvironmentListener listener) {
    return start(spec, listener, new SnapStart.Template(services.ids().hex32()));
  }

  /**
   * Restores the snapshot that there is, as far as to where it was made.
   *
   * @throws LambicException if there is none, or it cannot be restored
   */
  public Environment trial(EnvironmentSpec spec, EnvironmentListener listener) {
    SnapshotStore snapshots = store;
    SnapshotStore.@Nullable Snapshot snapshot = snapshots == null ? null : snapshots.find(spec);
    if (snapshot == null) {
      throw new LambicException("SnapshotFailure", Blame.PLATFORM, "there is no snapshot");
    }
    return start(spec, listener, new SnapStart.Restored(snapshot, true));
  }

  private Environment start(
      EnvironmentSpec spec, EnvironmentListener listener, SnapStart.@Nullable Mode mode) {
    List<String> argv = program(spec);
    List<String> extensions = ExternalExtensions.names(opt(spec));
    Cell cell = mode == null ? ready(spec, !extensions.isEmpty()) : null;
    if (cell == null) {
      cell = anew(spec, mode != null && !(mode instanceof SnapStart.Direct));
    }
    return start(spec, listener, mode, cell, argv, extensions);
  }

  private Environment start(
      EnvironmentSpec spec,
      EnvironmentListener listener,
      SnapStart.@Nullable Mode mode,
      Cell cell,
      List<String> argv,
      List<String> extensions) {
    try {
      return new Running(
          spec,
          cell.sandbox(),
          cell.aws(),
          listener,
          mode,
          generation -> begin(spec, argv, mode, extensions, cell, generation),
          generation -> restart(spec, argv, mode, cell.sandbox(), generation),
          services);
    } catch (RuntimeException e) {
      cell.kill();
      throw e;
    }
  }

  /** A cell that was ready and has the function's code and limits now; null if there is none. */
  private @Nullable Cell ready(EnvironmentSpec spec, boolean extensions) {
    for (CellSource source : sources) {
      Cell cell = source.take(spec, extensions);
      if (cell == null) {
        continue;
      }
      try {
        if (spec.memoryMb() != Cells.LEAST_MEMORY_MB) {
          cell.sandbox().limit(limits(spec));
        }
        cell.sandbox().attach(mounts(spec, cell.process() == null, true));
        FileSystemMount.attach(spec.fileSystems(), cell.sandbox());
        if (cell.process() != null) {
          cell.sandbox().resetMemoryPeak();
        }
        return cell;
      } catch (SandboxException e) {
        // It ended in the meantime, or something is wrong with the host that the next will tell.
        cell.kill();
      } catch (LambicException e) {
        cell.kill();
        throw e;
      }
    }
    return null;
  }

  private Cell anew(EnvironmentSpec spec, boolean snapshots) {
    Cell cell =
        cells.shell(
            // Where a restore fails, its sandbox may still be ending when the next is made.
            snapshots ? spec.name() + "-s" : spec.name(),
            spec.memoryMb(),
            spec.tmpMb(),
            spec.target().root().map(ContainerRoot::directory),
            snapshots);
    try {
      cell.sandbox().attach(mounts(spec, true, !snapshots));
      FileSystemMount.attach(spec.fileSystems(), cell.sandbox());
      return cell;
    } catch (RuntimeException e) {
      cell.kill();
      throw e;
    }
  }

  private static Limits limits(EnvironmentSpec spec) {
    return new Limits(spec.memoryMb() * Cells.MIB, 0, Cells.MAX_PROCESSES);
  }

  /**
   * What the function sees.
   *
   * @param runtime whether the runtime's is not there yet
   * @param ahead whether what was compiled ahead is of use
   */
  private List<ReadOnlyMount> mounts(EnvironmentSpec spec, boolean runtime, boolean ahead) {
    List<ReadOnlyMount> mounts = new ArrayList<>();
    if (runtime) {
      mounts.addAll(spec.target().mounts());
    }
    boolean container = spec.target().isContainer();
    if (!container) {
      mounts.add(new ReadOnlyMount(spec.code(), "/var/task"));
    }
    if (spec.opt() != null && !container) {
      mounts.add(new ReadOnlyMount(spec.opt(), "/opt"));
    }
    CodeCache codes = compiled;
    if (ahead && codes != null) {
      mounts.addAll(codes.mounts(spec));
    }
    return mounts;
  }

  /** Starts the runtime for the first time, or binds the one that runs already. */
  private void begin(
      EnvironmentSpec spec,
      List<String> argv,
      SnapStart.@Nullable Mode mode,
      List<String> extensions,
      Cell cell,
      Generation generation) {
    generation.servedAt(cell.runtimeApi());
    cell.binding().serve(imports.around(spec, generation.api()));
    SandboxProcess process = cell.process();
    Runnable runtime;
    if (mode instanceof SnapStart.Restored restored) {
      cell.binding().none();
      runtime = () -> restore(spec, restored.snapshot(), cell.sandbox(), generation);
    } else if (mode instanceof SnapStart.Forked forked) {
      cell.binding().none();
      runtime =
          () -> generation.runs(forked.template().fork(cell.sandbox(), output(spec, generation)));
    } else if (process == null) {
      cell.binding().none();
      runtime = () -> execute(spec, argv, mode, cell.sandbox(), generation);
    } else {
      runtime =
          () -> {
            cell.output().to(generation::output);
            generation.runs(process);
            cell.binding().bind(variables(spec, null));
          };
    }
    start(spec, extensions, generation, runtime);
  }

  private static void restore(
      EnvironmentSpec spec,
      SnapshotStore.Snapshot snapshot,
      Sandbox sandbox,
      Generation generation) {
    generation.runs(snapshot.restore(sandbox, output(spec, generation)));
    sandbox.resetMemoryPeak();
  }

  private void restart(
      EnvironmentSpec spec,
      List<String> argv,
      SnapStart.@Nullable Mode mode,
      Sandbox sandbox,
      Generation generation) {
    try {
      generation.servedAt(cells.runtimeApi(sandbox, generation.api()));
    } catch (RuntimeException e) {
      generation.close();
      throw e;
    }
    start(
        spec,
        ExternalExtensions.names(opt(spec)),
        generation,
        () -> execute(spec, argv, mode, sandbox, generation));
  }

  private static void start(
      EnvironmentSpec spec, List<String> extensions, Generation generation, Runnable runtime) {
    try {
      generation
          .crew()
          .start(
              extensions,
              Variables.ofExtensions(spec, Cells.RUNTIME_API, Cells.AWS_ENDPOINT),
              runtime);
    } catch (RuntimeException e) {
      generation.close();
      throw e;
    }
  }

  private static List<String> variables(EnvironmentSpec spec, SnapStart.@Nullable Mode mode) {
    return mode == null
        ? Variables.of(spec, Cells.RUNTIME_API, Cells.AWS_ENDPOINT)
        : Variables.ofSnapshot(spec, Cells.RUNTIME_API, Cells.AWS_ENDPOINT, mode.token());
  }

  /** What is seen as {@code /opt}; null if nothing is. */
  private static @Nullable Path opt(EnvironmentSpec spec) {
    return spec.target().isContainer()
        ? spec.target().root().orElseThrow().directory().resolve("opt")
        : spec.opt();
  }

  private static void execute(
      EnvironmentSpec spec,
      List<String> argv,
      SnapStart.@Nullable Mode mode,
      Sandbox sandbox,
      Generation generation) {
    Command command = new Command(argv, variables(spec, mode), directory(spec));
    try {
      generation.runs(sandbox.start(command, output(spec, generation)));
    } catch (SandboxException e) {
      throw isOfFunction(spec, argv) ? ofFunction(spec, argv, e) : e;
    }
  }

  static OutputListener output(EnvironmentSpec spec, Generation generation) {
    boolean framed = spec.target().variables().containsKey(LogFrames.VARIABLE);
    return framed ? new LogFrames(generation::output) : generation::output;
  }

  /** What to execute: the runtime's program, behind the function's wrapper script if it has one. */
  private static List<String> program(EnvironmentSpec spec) {
    List<String> argv = new ArrayList<>();
    if (spec.target().isContainer()) {
      ContainerRoot root = spec.target().root().orElseThrow();
      return ContainerProgram.resolve(root, spec.target().argv(), Variables.path(spec, root));
    }
    if (!spec.target().managed()) {
      argv.add(ownBootstrap(spec.code(), spec.opt()));
      return argv;
    }
    @Nullable String wrapper = spec.variables().get("AWS_LAMBDA_EXEC_WRAPPER");
    // The programs of imported runtimes heed it themselves.
    if (wrapper != null && wrapper.startsWith("/") && !spec.target().isForeign()) {
      argv.add(wrapper);
    }
    argv.addAll(spec.target().command(spec));
    return argv;
  }

  /** Whether the program to start comes with the function rather than from this host. */
  private static boolean isOfFunction(EnvironmentSpec spec, List<String> argv) {
    List<String> own = spec.target().argv();
    return spec.target().isContainer() || own.isEmpty() || !argv.getFirst().equals(own.getFirst());
  }

  /** Where the program is started, inside. */
  private static String directory(EnvironmentSpec spec) {
    return spec.target().isContainer()
        ? spec.target().root().orElseThrow().workingDirectory()
        : "/var/task";
  }

  /** What the function is told when it is its own fault that its program does not start. */
  private static LambicException ofFunction(
      EnvironmentSpec spec, List<String> argv, SandboxException cause) {
    return switch (cause.step()) {
      case SandboxException.EXEC -> notRunnable(argv, cause);
      case SandboxException.CHDIR ->
          spec.target().isContainer()
              ? new LambicException(
                  "Runtime.InvalidWorkingDir",
                  Blame.FUNCTION,
                  "chdir " + directory(spec) + ": " + ExecFailure.reason(cause),
                  cause)
              : cause;
      default -> cause;
    };
  }

  private static LambicException notRunnable(List<String> argv, SandboxException cause) {
    return new LambicException(
        "Runtime.InvalidEntrypoint",
        Blame.FUNCTION,
        "fork/exec " + argv.getFirst() + ": " + ExecFailure.reason(cause),
        cause);
  }

  private static String ownBootstrap(Path code, @Nullable Path opt) {
    if (Files.isRegularFile(code.resolve("bootstrap"))) {
      return "/var/task/bootstrap";
    }
    if (opt != null && Files.isRegularFile(opt.resolve("bootstrap"))) {
      return "/opt/bootstrap";
    }
    throw new LambicException(
        "Runtime.InvalidEntrypoint",
        Blame.FUNCTION,
        "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]");
  }
}
