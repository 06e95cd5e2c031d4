package dev.lambic.bench;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.List;

/**
 * A process started by {@code posix_spawn}: the fastest way there is from a JVM, and the same for a
 * heap of any size. It has no environment but {@code PATH} and no files but standard ones.
 */
final class Spawned implements AutoCloseable {
  private static final int FILE_ACTIONS_BYTES = 256;
  private static final int SIGKILL = 9;

  private static final MethodHandle SPAWN =
      handle("posix_spawn", ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS);
  private static final MethodHandle ACTIONS_INIT = handle("posix_spawn_file_actions_init", ADDRESS);
  private static final MethodHandle ACTIONS_DESTROY =
      handle("posix_spawn_file_actions_destroy", ADDRESS);
  private static final MethodHandle ACTIONS_CLOSE_FROM =
      handle("posix_spawn_file_actions_addclosefrom_np", ADDRESS, JAVA_INT);
  private static final MethodHandle KILL = handle("kill", JAVA_INT, JAVA_INT);
  private static final MethodHandle WAIT = handle("waitpid", JAVA_INT, ADDRESS, JAVA_INT);

  private final int pid;

  private Spawned(int pid) {
    this.pid = pid;
  }

  private static MethodHandle handle(String name, MemoryLayout... arguments) {
    Linker linker = Linker.nativeLinker();
    return linker.downcallHandle(
        linker.defaultLookup().findOrThrow(name), FunctionDescriptor.of(JAVA_INT, arguments));
  }

  /** Starts the program at the path that comes first. */
  static Spawned start(List<String> command) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment pid = arena.allocate(JAVA_INT);
      MemorySegment actions = arena.allocate(FILE_ACTIONS_BYTES, 16);
      check("posix_spawn_file_actions_init", (int) ACTIONS_INIT.invokeExact(actions));
      try {
        check("addclosefrom_np", (int) ACTIONS_CLOSE_FROM.invokeExact(actions, 3));
        MemorySegment path = arena.allocateFrom(command.getFirst());
        MemorySegment arguments = strings(arena, command);
        MemorySegment variables = strings(arena, List.of("PATH=/usr/bin:/bin"));
        check(
            "posix_spawn",
            (int) SPAWN.invokeExact(pid, path, actions, MemorySegment.NULL, arguments, variables));
      } finally {
        check("posix_spawn_file_actions_destroy", (int) ACTIONS_DESTROY.invokeExact(actions));
      }
      return new Spawned(pid.get(JAVA_INT, 0));
    } catch (IOException | RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException("C functions throw nothing", e);
    }
  }

  private static MemorySegment strings(Arena arena, List<String> strings) {
    MemorySegment array = arena.allocate(ADDRESS, strings.size() + 1L);
    for (int i = 0; i < strings.size(); i++) {
      array.setAtIndex(ADDRESS, i, arena.allocateFrom(strings.get(i)));
    }
    return array;
  }

  private static void check(String what, int error) throws IOException {
    if (error != 0) {
      throw new IOException(what + " failed with errno " + error);
    }
  }

  int pid() {
    return pid;
  }

  /** Kills the process and waits for its end, which is then near. */
  @Override
  public void close() {
    try (Arena arena = Arena.ofConfined()) {
      int killed = (int) KILL.invokeExact(pid, SIGKILL);
      int ended = (int) WAIT.invokeExact(pid, arena.allocate(JAVA_INT), 0);
      if (killed != 0 || ended != pid) {
        throw new IllegalStateException("process " + pid + " was not ours");
      }
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException("C functions throw nothing", e);
    }
  }
}
