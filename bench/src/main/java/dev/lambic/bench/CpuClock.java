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

/** The processor time that another process has used, to the nanosecond, ended threads included. */
final class CpuClock {
  private static final int CPUCLOCK_SCHED = 2;

  private static final MethodHandle GETTIME =
      Linker.nativeLinker()
          .downcallHandle(
              Linker.nativeLinker().defaultLookup().findOrThrow("clock_gettime"),
              FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS));

  private CpuClock() {}

  /**
   * Reads the clock of a process.
   *
   * @return nanoseconds
   * @throws IOException if there is no such process
   */
  static long nanos(long pid) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment time = arena.allocate(JAVA_LONG, 2);
      // As clock_getcpuclockid(3) makes it.
      int clock = (~(int) pid << 3) | CPUCLOCK_SCHED;
      if ((int) GETTIME.invokeExact(clock, time) != 0) {
        throw new IOException("process " + pid + " has no clock; it has ended");
      }
      return time.get(JAVA_LONG, 0) * 1_000_000_000L + time.get(JAVA_LONG, 8);
    } catch (IOException | RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException("C functions throw nothing", e);
    }
  }
}
