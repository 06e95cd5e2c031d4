package dev.lambic.runtime;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * The options of the Java virtual machine of a function, and AWS's runtime interface client as its
 * main class.
 *
 * <p>They are defaults as AWS has them: one processor's garbage collector, the quick compiler only,
 * and most of the function's memory as heap. The virtual machine takes its command line over {@code
 * JAVA_TOOL_OPTIONS}, so a default that the function's {@code JAVA_TOOL_OPTIONS} speaks of is left
 * out, for there the function's word counts.
 *
 * @param major version of the Java runtime
 * @param classPath the client's classes, as seen inside an environment
 * @param archive the class archive on the host, which may come into being later
 * @param library the client's native library as seen inside; empty where it unpacks its own
 */
record JavaArguments(int major, String classPath, Path archive, String library)
    implements Arguments {
  /** Where an environment sees the class archive. */
  static final String ARCHIVE = Bootstraps.INSIDE + "/client.jsa";

  /** Where an environment sees what waits for a function. */
  static final String STEM = Bootstraps.INSIDE + "/stem.jar";

  private static final String STEM_MAIN = "dev.lambic.stem.Stem";
  private static final String MAIN = "com.amazonaws.services.lambda.runtime.api.client.AWSLambda";
  private static final String LIBRARY =
      "-Dcom.amazonaws.services.lambda.runtime.api.client.runtimeapi.NativeClient.JNI=";

  private static final String SHARED_ARCHIVE = "-XX:SharedArchiveFile=" + ARCHIVE;

  /** What the virtual machine needs beside the heap, at least; in megabytes. */
  private static final int BESIDE_HEAP_MB = 56;

  private static final Pattern COLLECTOR = Pattern.compile("-XX:[+-]Use\\w*GC\\b");
  private static final Pattern COMPILER =
      Pattern.compile("-XX:(?:TieredStopAtLevel=|[+-]TieredCompilation)|-Xint\\b|-Xcomp\\b");
  private static final Pattern HEAP =
      Pattern.compile("-Xmx|-XX:(?:MaxHeapSize|MaxRAM|MaxRAMPercentage|MaxRAMFraction)=");
  private static final Pattern SHARING = Pattern.compile("-Xshare|-XX:SharedArchiveFile|-XX:AOT");
  private static final Pattern PROCESSORS = Pattern.compile("-XX:ActiveProcessorCount");

  @Override
  public List<String> of(EnvironmentSpec spec) {
    String own = spec.variables().getOrDefault("JAVA_TOOL_OPTIONS", "");
    List<String> all = options(spec.memoryMb(), own);
    all.addAll(program(spec.handler()));
    return all;
  }

  /** The same for a virtual machine that waits for a function, which has no options of its own. */
  List<String> unbound(int memoryMb) {
    List<String> all = options(memoryMb, "");
    all.addAll(common());
    // Behind what the class archive was made with, for it holds for whatever begins so.
    all.set(all.size() - 1, classPath + ":" + STEM);
    all.add(STEM_MAIN);
    return all;
  }

  /** The names of the client's classes, on the host. */
  Path classes() {
    return archive.resolveSibling("client.classes");
  }

  private List<String> options(int memoryMb, String own) {
    List<String> all = new ArrayList<>();
    unless(COLLECTOR, own, "-XX:+UseSerialGC", all);
    unless(COMPILER, own, "-XX:TieredStopAtLevel=1", all);
    unless(HEAP, own, "-XX:MaxHeapSize=" + heapMb(memoryMb) + "m", all);
    unless(PROCESSORS, own, "-XX:ActiveProcessorCount=" + processors(memoryMb), all);
    if (Files.isReadable(archive)) {
      unless(SHARING, own, SHARED_ARCHIVE, all);
    }
    return all;
  }

  /** Whether it only makes a start faster, and is there or not by the time at which it is made. */
  static boolean isPassing(String option) {
    return option.equals(SHARED_ARCHIVE);
  }

  private static void unless(Pattern spoken, String own, String option, List<String> all) {
    if (!spoken.matcher(own).find()) {
      all.add(option);
    }
  }

  /** What is the same for every function, and the main class with the handler. */
  List<String> program(String handler) {
    List<String> all = new ArrayList<>(common());
    all.add(MAIN);
    all.add(handler);
    return all;
  }

  /** What is the same for every function. */
  List<String> common() {
    List<String> all = new ArrayList<>();
    // Otherwise a file in the function's /tmp.
    all.add("-XX:-UsePerfData");
    all.add("-Djava.net.preferIPv4Stack=true");
    if (major > 8) {
      // The client makes its log's file of a descriptor, which newer versions keep to themselves.
      all.add("--add-opens=java.base/java.io=ALL-UNNAMED");
    }
    if (major >= 24) {
      // The client is native code in part, of which newer versions would warn at every start.
      all.add("--enable-native-access=ALL-UNNAMED");
    }
    if (!library.isEmpty()) {
      all.add(LIBRARY + library);
    }
    all.add("-cp");
    all.add(classPath);
    return all;
  }

  /** 85 % as on AWS, but so much less that what is beside the heap fits the function's memory. */
  static int heapMb(int memoryMb) {
    return Math.min(memoryMb * 85 / 100, memoryMb - BESIDE_HEAP_MB);
  }

  /** As many as AWS shows a function of that memory. */
  static int processors(int memoryMb) {
    if (memoryMb <= 3008) {
      return 2;
    }
    if (memoryMb <= 5307) {
      return 3;
    }
    if (memoryMb <= 7076) {
      return 4;
    }
    return memoryMb <= 8845 ? 5 : 6;
  }
}
