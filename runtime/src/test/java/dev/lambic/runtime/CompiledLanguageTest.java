package dev.lambic.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is taken of what compilers print, which may be anything. */
final class CompiledLanguageTest {
  private static final String VERSION = "v22.20.0-x64-9ac5647c-993";

  @TempDir Path directory;

  private boolean accept(CompiledLanguage language, byte[] printed) throws IOException {
    Path into = Files.createTempDirectory(directory, "into");
    Path file = Files.write(Files.createTempFile(directory, "printed", ""), printed);
    boolean accepted = language.accept(file, into);
    // Whatever it is, it has not got out of its directory.
    try (var all = Files.list(directory)) {
      assertThat(all.map(one -> String.valueOf(one.getFileName())))
          .allMatch(name -> name.startsWith("into") || name.startsWith("printed"));
    }
    return accepted;
  }

  private static byte[] node(String version, Object... namesAndContents) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(bytes);
    text(out, version);
    for (Object one : namesAndContents) {
      text(out, String.valueOf(one));
    }
    out.writeInt(0);
    return bytes.toByteArray();
  }

  private static void text(DataOutputStream out, String text) throws IOException {
    byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
    out.writeInt(bytes.length);
    out.write(bytes);
  }

  private static byte[] cut(byte[] bytes, int by) {
    return java.util.Arrays.copyOf(bytes, bytes.length - by);
  }

  @Test
  void takesTheFilesOfNode() throws IOException {
    assertThat(accept(CompiledLanguage.NODE, node(VERSION, "6126a488", "code", "0a", "more")))
        .isTrue();
  }

  @Test
  void refusesOfNodeWhatNodeDoesNotMake() throws IOException {
    assertThat(accept(CompiledLanguage.NODE, new byte[0])).isFalse();
    assertThat(accept(CompiledLanguage.NODE, node(VERSION))).isFalse();
    assertThat(accept(CompiledLanguage.NODE, node("..", "6126a488", "code"))).isFalse();
    assertThat(accept(CompiledLanguage.NODE, node("v22/../../x", "6126a488", "code"))).isFalse();
    assertThat(accept(CompiledLanguage.NODE, node(VERSION, "../../own", "code"))).isFalse();
    assertThat(accept(CompiledLanguage.NODE, node(VERSION, "/tmp/own", "code"))).isFalse();
    assertThat(accept(CompiledLanguage.NODE, node(VERSION, "6126a488", ""))).isFalse();
    assertThat(accept(CompiledLanguage.NODE, node(VERSION, "0a", "code", "0a", "code"))).isFalse();
    byte[] whole = node(VERSION, "6126a488", "code");
    for (int by = 1; by < whole.length; by++) {
      assertThat(accept(CompiledLanguage.NODE, cut(whole, by))).as("without %d", by).isFalse();
    }
    byte[] longer = java.util.Arrays.copyOf(whole, whole.length + 1);
    assertThat(accept(CompiledLanguage.NODE, longer)).isFalse();
    ByteArrayOutputStream large = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(large);
    text(out, VERSION);
    text(out, "0a");
    out.writeInt(1 << 30);
    assertThat(accept(CompiledLanguage.NODE, large.toByteArray())).as("claims a GiB").isFalse();
  }

  @Test
  void refusesOfNodeMoreFilesThanItTakes() throws IOException {
    Object[] many = new Object[20_002];
    for (int i = 0; i < many.length; i += 2) {
      many[i] = Integer.toHexString(i);
      many[i + 1] = "c";
    }
    assertThat(accept(CompiledLanguage.NODE, node(VERSION, many))).isFalse();
  }

  @Test
  void refusesOfPythonWhatIsNotWhole() throws IOException {
    byte[] whole =
        "lambic code\n0123code1234\24\0\0\0\0\0\0\0".getBytes(StandardCharsets.ISO_8859_1);
    assertThat(accept(CompiledLanguage.PYTHON, whole)).isTrue();
    for (int by = 1; by <= whole.length; by++) {
      assertThat(accept(CompiledLanguage.PYTHON, cut(whole, by))).as("without %d", by).isFalse();
    }
    whole[0] = 'L';
    assertThat(accept(CompiledLanguage.PYTHON, whole)).isFalse();
  }

  @Test
  void isOfRuntimesWithABootstrapOfOurOwnOnly() {
    RuntimeTarget foreign =
        new RuntimeTarget(
            "python3.12",
            true,
            java.util.List.of(),
            java.util.List.of("/usr/bin/python3"),
            Map.of(),
            Optional.empty());
    assertThat(CompiledLanguage.of(foreign)).isNull();
  }
}
