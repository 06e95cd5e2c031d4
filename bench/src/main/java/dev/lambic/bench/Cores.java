package dev.lambic.bench;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;

/**
 * Says which cores threads run on.
 *
 * <p>A wake-up of another core takes ten times as long as one of the same, and the scheduler
 * changes its mind about which it shall be: without a say in it, rounds cannot be compared.
 */
final class Cores {
  private static final int MASK_BYTES = 128;

  private static final MethodHandle SET = handle("sched_setaffinity");
  private static final MethodHandle GET = handle("sched_getaffinity");

  private Cores() {}

  private static MethodHandle handle(String name) {
    Linker linker = Linker.nativeLinker();
    return linker.downcallHandle(
        linker.defaultLookup().findOrThrow(name),
        FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, ADDRESS));
  }

  /** The cores that this thread may use. */
  static BitSet allowed() throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment mask = arena.allocate(MASK_BYTES, 8);
      if ((int) GET.invokeExact(0, (long) MASK_BYTES, mask) < 0) {
        throw new IOException("sched_getaffinity failed");
      }
      return BitSet.valueOf(mask.asByteBuffer());
    } catch (IOException | RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException("C functions throw nothing", e);
    }
  }

  /** Moves this thread, which must be a platform thread; what it starts stays there too. */
  static void pinThis(BitSet cores) throws IOException {
    if (!pin(0, cores)) {
      throw new IOException("this thread may not run on cores " + cores);
    }
  }

  /** Moves every thread of a process. */
  static void pinProcess(long pid, BitSet cores) throws IOException {
    Path threads = Path.of("/proc", Long.toString(pid), "task");
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(threads)) {
      for (Path thread : entries) {
        int id = Integer.parseInt(thread.getFileName().toString());
        if (!pin(id, cores) && Files.exists(thread)) {
          throw new IOException("process " + pid + " may not run on cores " + cores);
        }
      }
    }
  }

  private static boolean pin(int thread, BitSet cores) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment mask = arena.allocate(MASK_BYTES, 8);
      mask.asByteBuffer().put(cores.toByteArray());
      return (int) SET.invokeExact(thread, (long) MASK_BYTES, mask) == 0;
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException("C functions throw nothing", e);
    }
  }
}
