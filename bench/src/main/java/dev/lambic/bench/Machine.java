package dev.lambic.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;

/**
 * Where and when figures were taken.
 *
 * @param cpu the model's name
 * @param cores how many this process may use
 * @param kernel release of the kernel
 * @param jdk version of the JDK
 * @param load of the machine over the last minute before the run; much above 0 means that others
 *     were at work
 * @param date of the run, UTC
 */
record Machine(String cpu, int cores, String kernel, String jdk, String load, String date) {
  static Machine here() throws IOException {
    String cpu = "unknown";
    for (String line : Files.readAllLines(Path.of("/proc/cpuinfo"))) {
      if (line.startsWith("model name")) {
        cpu = line.substring(line.indexOf(':') + 1).trim();
        break;
      }
    }
    return new Machine(
        cpu,
        Runtime.getRuntime().availableProcessors(),
        Files.readString(Path.of("/proc/sys/kernel/osrelease")).trim(),
        Runtime.version().toString(),
        Files.readString(Path.of("/proc/loadavg")).split(" ")[0],
        LocalDate.now(ZoneOffset.UTC).toString());
  }

  @Override
  public String toString() {
    return "%s, %d cores, Linux %s, JDK %s, load before %s, %s"
        .formatted(cpu, cores, kernel, jdk, load, date);
  }
}
