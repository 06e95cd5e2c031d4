package dev.lambic.runtime;

import dev.lambic.sandbox.ReadOnlyMount;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Names snapshots by all that would make another environment, and by nothing else: what a server
 * lays out anew at its start, or adds to a runtime only to make starts faster, changes no name.
 * Safe for use by many threads.
 */
final class SnapshotName {
  private static final int LEAST_FILE = 256 << 10;

  /** The lines that tell kind and instructions, on x86-64 and on AArch64. */
  private static final Pattern PROCESSOR =
      Pattern.compile(
          "(vendor_id|cpu family|model|model name|flags|Features|CPU (implementer|variant|part))\\s*:");

  private final String host;
  private final Map<Path, Contents> contents = new ConcurrentHashMap<>();

  /** What is in a directory, as long as that was changed at a time. */
  private record Contents(String changed, String text) {}

  /**
   * Names of snapshots of this host.
   *
   * @param host what they depend on beside their environments
   */
  SnapshotName(String host) {
    this.host = host;
  }

  /** The name: 64 hexadecimal digits. */
  String of(EnvironmentSpec spec, String version) {
    List<String> parts = new ArrayList<>(List.of(host, version, spec.role(), spec.handler()));
    parts.add(spec.memoryMb() + " " + spec.tmpMb() + " " + spec.logSettings());
    parts.add(new TreeMap<>(spec.variables()).toString());
    parts.add(spec.code() + " " + spec.opt());
    RuntimeTarget target = spec.target();
    target.root().ifPresent(root -> parts.add(root.directory() + " " + age(root.directory())));
    parts.add(target.identifier());
    target.command(spec).stream()
        .filter(word -> !JavaArguments.isPassing(word))
        .forEach(parts::add);
    parts.add(new TreeMap<>(target.variables()).toString());
    for (ReadOnlyMount mount : target.mounts()) {
      parts.add(mount.target() + " " + mount.source() + " " + contents(mount.source()));
    }
    parts.add(age(Path.of(target.argv().isEmpty() ? "/" : target.argv().getFirst())));
    MessageDigest sha = sha256();
    parts.forEach(part -> {
      sha.update(part.getBytes(StandardCharsets.UTF_8));
      sha.update((byte) 0);
    });
    return HexFormat.of().formatHex(sha.digest());
  }

  /** Tells whether a file is still the same. */
  static String age(Path file) {
    try {
      BasicFileAttributes found = Files.readAttributes(file, BasicFileAttributes.class);
      return (found.isRegularFile() ? found.size() : 0) + " " + found.lastModifiedTime().toMillis();
    } catch (IOException e) {
      return "none";
    }
  }

  /**
   * Tells whether it is the same kind of processor with the same instructions: what was initialised
   * may have chosen its ways by them.
   *
   * @param info such as {@code /proc/cpuinfo}
   */
  static String processor(Path info) {
    MessageDigest sha = sha256();
    try {
      Files.readAllLines(info, StandardCharsets.ISO_8859_1).stream()
          .filter(line -> PROCESSOR.matcher(line).lookingAt())
          .distinct()
          .sorted()
          .forEach(line -> sha.update((line + "\n").getBytes(StandardCharsets.ISO_8859_1)));
    } catch (IOException e) {
      return "none";
    }
    return HexFormat.of().formatHex(sha.digest());
  }

  private String contents(Path source) {
    if (!Files.isDirectory(source)) {
      return age(source);
    }
    String changed = age(source);
    Contents known = contents.get(source);
    if (known == null || !known.changed.equals(changed)) {
      known = new Contents(changed, look(source));
      contents.put(source, known);
    }
    return known.text;
  }

  /** The files right in the directory of a runtime, among which are those that tell its version. */
  private static String look(Path directory) {
    List<String> files = new ArrayList<>();
    try (Stream<Path> all = Files.list(directory)) {
      for (Path file : all.sorted().toList()) {
        if (Files.isRegularFile(file) && !ClassArchive.isPart(file)) {
          long size = Files.size(file);
          files.add(
              file.getFileName() + " " + size + " " + (size > LEAST_FILE ? "" : digest(file)));
        }
      }
    } catch (IOException e) {
      return "none";
    }
    return files.toString();
  }

  private static String digest(Path file) throws IOException {
    return HexFormat.of().formatHex(sha256().digest(Files.readAllBytes(file)));
  }

  static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
