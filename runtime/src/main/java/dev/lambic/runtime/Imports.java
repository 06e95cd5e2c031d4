package dev.lambic.runtime;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.lambic.http.BodyFlow;
import dev.lambic.http.BodyReceiver;
import dev.lambic.http.Headers;
import dev.lambic.http.HttpHandler;
import dev.lambic.http.HttpRequest;
import dev.lambic.http.Responder;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Learns which modules functions import while they initialise, and has the next environments forked
 * from a zygote that has them.
 *
 * <p>A process whose imports took long tells once, by {@code POST /lambic/imports} on the port of
 * the Runtime API, the names of the modules that came in and do not lie in the function's code.
 * They are names only, and anybody may send any: what they mean decides the zygote, which sees the
 * runtime's library but no layer and no function's code. A zygote is shared by the functions of one
 * account with the same runtime; functions with layers have none. A function is not forked from it
 * if its code has a module of one of those names, which would come first, or if a module has read a
 * variable that is another one for the function. Safe for use by many threads.
 */
final class Imports implements CellSource {
  /** Where a bootstrap tells of it. */
  static final String PATH = "/lambic/imports";

  private static final int MAX_KINDS = 64;
  private static final int MAX_FUNCTIONS = 4096;
  private static final int MAX_MODULES = 4000;
  private static final int MAX_BYTES = 256 << 10;
  private static final Pattern MODULE = Pattern.compile("[A-Za-z_][A-Za-z0-9_.]{0,150}");

  /** The length of all names that a zygote is told. */
  private static final int MAX_CHARACTERS = 96 << 10;

  private final Zygotes zygotes;
  private final boolean used;

  // Guarded by this.
  private final Map<Zygotes.Kind, Learned> all = new LinkedHashMap<>(16, 0.75f, true);

  /** What functions of a kind import. */
  private static final class Learned {
    final Set<String> modules = new LinkedHashSet<>();
    final Set<String> functions = new HashSet<>();
    List<String> list = List.of();
    int characters;
  }

  Imports(Zygotes zygotes, Set<FastPath> used) {
    this.zygotes = zygotes;
    this.used = used.contains(FastPath.ZYGOTES) && used.contains(FastPath.IMPORT_ZYGOTES);
  }

  private static Zygotes.@Nullable Kind kind(EnvironmentSpec spec) {
    Recipe recipe = Recipe.of(spec).orElse(null);
    boolean tells =
        spec.target().unbound().stream()
            .anyMatch(unbound -> unbound.language().equals(StartVariables.PYTHON));
    if (recipe == null || !recipe.forks() || !tells) {
      return null;
    }
    // What belongs to somebody never runs in a zygote, which owns the sandboxes of its forks; and a
    // search path of its own may find other modules by the same names.
    if (spec.opt() != null || spec.variables().containsKey("PYTHONPATH")) {
      return null;
    }
    return new Zygotes.Kind(recipe, spec.account());
  }

  private static String function(EnvironmentSpec spec) {
    return spec.region() + "/" + spec.functionName();
  }

  @Override
  public @Nullable Cell take(EnvironmentSpec spec, boolean extensions) {
    Zygotes.Kind kind = extensions || !used ? null : kind(spec);
    if (kind == null) {
      return null;
    }
    List<String> modules;
    synchronized (this) {
      Learned learned = all.get(kind);
      if (learned == null || !learned.functions.contains(function(spec))) {
        return null;
      }
      modules = learned.list;
    }
    return zygotes.fork(kind, modules, zygote -> fits(zygote, spec));
  }

  private static boolean fits(Zygote zygote, EnvironmentSpec spec) {
    return readsTheSame(zygote, spec) && !shadows(spec.code(), zygote.modules());
  }

  private static boolean readsTheSame(Zygote zygote, EnvironmentSpec spec) {
    Set<String> reads = zygote.reads();
    if (reads.isEmpty()) {
      return true;
    }
    if (reads.contains("*")) {
      return false;
    }
    Map<String, String> its = map(zygote.recipe().variables());
    Map<String, String> own = map(Variables.of(spec, Cells.RUNTIME_API, Cells.AWS_ENDPOINT));
    return reads.stream().allMatch(name -> Objects.equals(its.get(name), own.get(name)));
  }

  private static Map<String, String> map(List<String> pairs) {
    Map<String, String> map = new HashMap<>();
    for (String pair : pairs) {
      int equals = pair.indexOf('=');
      map.put(pair.substring(0, equals), pair.substring(equals + 1));
    }
    return map;
  }

  /** Whether the code has something at its root that would be imported by one of the names. */
  private static boolean shadows(Path code, List<String> modules) {
    Set<String> tops = new HashSet<>();
    modules.forEach(name -> tops.add(top(name)));
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(code)) {
      for (Path entry : entries) {
        if (tops.contains(top(entry.getFileName().toString()))) {
          return true;
        }
      }
      return false;
    } catch (IOException e) {
      return true;
    }
  }

  private static String top(String name) {
    int dot = name.indexOf('.');
    return dot < 0 ? name : name.substring(0, dot);
  }

  /** Takes what a process has told. */
  private void learn(EnvironmentSpec spec, byte[] report) {
    Zygotes.Kind kind = report.length > MAX_BYTES ? null : kind(spec);
    if (kind == null) {
      return;
    }
    List<String> lines = new String(report, UTF_8).lines().skip(1).toList();
    List<String> modules;
    synchronized (this) {
      Learned learned = all.computeIfAbsent(kind, key -> new Learned());
      if (all.size() > MAX_KINDS) {
        all.remove(all.keySet().iterator().next());
      }
      for (String name : lines) {
        boolean fits =
            MODULE.matcher(name).matches()
                && learned.modules.size() < MAX_MODULES
                && learned.characters + name.length() < MAX_CHARACTERS;
        if (fits && learned.modules.add(name)) {
          learned.characters += name.length() + 1;
        }
      }
      if (learned.modules.isEmpty() || learned.functions.size() >= MAX_FUNCTIONS) {
        return;
      }
      learned.functions.add(function(spec));
      if (learned.list.size() < learned.modules.size()) {
        learned.list = List.copyOf(learned.modules);
      }
      modules = learned.list;
    }
    // So that it is there when the next environment is needed.
    var _ = zygotes.find(kind, modules);
  }

  /** Serves the Runtime API of an environment, whose process may tell of its imports once. */
  HttpHandler around(EnvironmentSpec spec, HttpHandler api) {
    return used && kind(spec) != null ? new Report(spec, api) : api;
  }

  /** Listens on the port of the Runtime API. */
  private final class Report implements HttpHandler {
    private final EnvironmentSpec spec;
    private final HttpHandler api;
    private final AtomicBoolean told = new AtomicBoolean();

    Report(EnvironmentSpec spec, HttpHandler api) {
      this.spec = spec;
      this.api = api;
    }

    @Override
    public void handle(HttpRequest request, Responder responder) {
      if (request.target().equals(PATH)
          && request.method().equals("POST")
          && told.compareAndSet(false, true)) {
        learn(spec, request.body());
        responder.send(202, Headers.empty(), new byte[0]);
      } else {
        api.handle(request, responder);
      }
    }

    @Override
    public boolean wantsPieces(HttpRequest head) {
      return api.wantsPieces(head);
    }

    @Override
    public BodyReceiver receive(HttpRequest head, BodyFlow flow, Responder responder) {
      return api.receive(head, flow, responder);
    }

    @Override
    public void refuse(int status, String reason, @Nullable HttpRequest head, Responder responder) {
      api.refuse(status, reason, head, responder);
    }
  }

  /** The modules that are known for a function; for tests. */
  synchronized List<String> known(EnvironmentSpec spec) {
    Zygotes.Kind kind = kind(spec);
    Learned learned = kind == null ? null : all.get(kind);
    return learned == null ? List.of() : new ArrayList<>(learned.list);
  }
}
