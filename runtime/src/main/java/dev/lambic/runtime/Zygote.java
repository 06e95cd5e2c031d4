package dev.lambic.runtime;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.lambic.sandbox.Command;
import dev.lambic.sandbox.OutputListener;
import dev.lambic.sandbox.SandboxException;
import dev.lambic.sandbox.Template;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/**
 * A runtime that forks itself into sandboxes; its forks are as stem cells that were started.
 *
 * <p>It is ready when it says so, with the names of the variables that modules have read of its
 * environment while they were imported. Safe for use by many threads.
 */
final class Zygote implements AutoCloseable {
  /** The modules that it imports, by commas. */
  static final String VARIABLE = "LAMBIC_ZYGOTE";

  private static final String READY = "ready ";
  private static final int MAX_OUTPUT = 64 << 10;

  private final Template template;
  private final Recipe recipe;
  private final List<String> modules;
  private final long made;
  private final Object program;
  private final CompletableFuture<Set<String>> ready = new CompletableFuture<>();

  private Zygote(Template template, Recipe recipe, List<String> modules, long made) {
    this.template = template;
    this.recipe = recipe;
    this.modules = List.copyOf(modules);
    this.made = made;
    this.program = recipe.programNow();
  }

  /**
   * Starts the program in a template; it is ready later, or never.
   *
   * @param modules that it imports beside those that it always does
   * @param now nanoseconds
   * @throws SandboxException if it cannot be started; the template is closed then
   */
  static Zygote start(Template template, Recipe recipe, List<String> modules, long now) {
    Zygote zygote = new Zygote(template, recipe, modules, now);
    List<String> variables = new ArrayList<>(recipe.variables());
    variables.addAll(recipe.forking().orElseThrow());
    variables.add(VARIABLE + "=" + String.join(",", modules));
    try {
      var _ =
          template
              .start(new Command(recipe.argv(), variables, "/"), zygote.words())
              .exit()
              .thenRun(zygote::ended);
      return zygote;
    } catch (SandboxException e) {
      zygote.close();
      throw e;
    }
  }

  private void ended() {
    ready.completeExceptionally(new IllegalStateException("a zygote has ended"));
  }

  /** Waits for the line that says that it is ready. */
  private OutputListener words() {
    ByteArrayOutputStream said = new ByteArrayOutputStream();
    return (bytes, length) -> {
      if (ready.isDone() || said.size() + length > MAX_OUTPUT) {
        return;
      }
      said.write(bytes, 0, length);
      String text = said.toString(UTF_8);
      int start = text.startsWith(READY) ? 0 : text.indexOf("\n" + READY) + 1;
      int end = text.indexOf('\n', start);
      if (end >= 0 && text.startsWith(READY, start)) {
        String names = text.substring(start + READY.length(), end);
        ready.complete(names.isEmpty() ? Set.of() : Set.copyOf(List.of(names.split(",", -1))));
      }
    };
  }

  /**
   * Completes when it can be forked, with what modules have read; exceptionally if it never can.
   */
  CompletableFuture<Set<String>> ready() {
    return ready.copy();
  }

  /** The names of variables that modules have read; {@code *} for all. None before it is ready. */
  Set<String> reads() {
    return isReady() ? ready.resultNow() : Set.of();
  }

  /** What it imports beside what all do. */
  List<String> modules() {
    return modules;
  }

  /** Whether it can be forked, as far as is known. */
  boolean isReady() {
    return ready.isDone() && !ready.isCompletedExceptionally() && template.serves();
  }

  /** Whether the program on the disk is another one now. */
  boolean isOutdated() {
    return !program.equals(recipe.programNow());
  }

  /** When it was started. */
  long made() {
    return made;
  }

  /** What it takes of the host's memory now. */
  long bytes() {
    return template.sandbox().memory().currentBytes();
  }

  Recipe recipe() {
    return recipe;
  }

  Template template() {
    return template;
  }

  /** Ends it; its forks live on. */
  @Override
  public void close() {
    ended();
    template.close();
  }
}
