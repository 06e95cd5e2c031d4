package dev.lambic.functions;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;
import org.apache.commons.compress.archivers.zip.ZipArchiveOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.services.lambda.model.LambdaException;

/** Good packages are unpacked as they are, evil ones write nothing outside. */
class UnzipTest {
  private static final String MALFORMED =
      "Could not unzip uploaded file. Please check your file, then try to upload again.";

  @TempDir private Path directory;
  private Path root;

  @BeforeEach
  void makeRoot() throws IOException {
    root = Files.createDirectory(directory.resolve("root"));
    Files.writeString(directory.resolve("outside"), "untouched");
  }

  @Test
  void filesKeepContentPermissionsAndTime() throws IOException {
    unpack(
        new Zips()
            .directory("lib")
            .file("lib/data.txt", "data")
            .entry("bootstrap", 0100755, "#!/bin/sh\n".getBytes(UTF_8))
            .entry("private", 0100600, "p".getBytes(UTF_8))
            .entry("run", 0104700, "r".getBytes(UTF_8))
            .entry("plain", 0, "n".getBytes(UTF_8))
            .entry("open", 0100666, "o".getBytes(UTF_8))
            .file("deep/down/here.txt", "here"));
    assertThat(root.resolve("lib/data.txt")).hasContent("data");
    assertThat(root.resolve("deep/down/here.txt")).hasContent("here");
    assertThat(permissions("bootstrap")).isEqualTo("rwxr-xr-x");
    assertThat(permissions("private")).isEqualTo("rw-r--r--");
    assertThat(permissions("run")).isEqualTo("rwxr-xr-x");
    assertThat(permissions("plain")).isEqualTo("rw-r--r--");
    assertThat(permissions("open")).isEqualTo("rw-r--r--");
    assertThat(permissions("")).isEqualTo("rwxr-xr-x");
    assertThat(permissions("lib")).isEqualTo("rwxr-xr-x");
    assertThat(permissions("deep/down")).isEqualTo("rwxr-xr-x");
    assertThat(Files.getLastModifiedTime(root.resolve("lib/data.txt")).toInstant())
        .isEqualTo(Zips.MODIFIED);
    assertThat(Files.getLastModifiedTime(root.resolve("lib")).toInstant()).isEqualTo(Zips.MODIFIED);
  }

  @Test
  void linksInsideThePackageAreKept() throws IOException {
    unpack(
        new Zips()
            .file("node_modules/tool/bin/run.js", "run")
            .link("node_modules/.bin/run", "../tool/bin/run.js")
            .link("current", "node_modules/tool")
            .link("dangling", "not/there"));
    assertThat(root.resolve("node_modules/.bin/run")).hasContent("run");
    assertThat(root.resolve("current/bin/run.js")).hasContent("run");
    assertThat(Files.isSymbolicLink(root.resolve("dangling"))).isTrue();
  }

  @Test
  void laterEntriesReplaceEarlierOnes() throws IOException {
    unpack(
        new Zips()
            .file("twice", "first")
            .file("twice", "second")
            .link("was-link", "twice")
            .file("was-link", "file now")
            .file("was-file", "file")
            .link("was-file", "twice"));
    assertThat(root.resolve("twice")).hasContent("second");
    assertThat(Files.isSymbolicLink(root.resolve("was-link"))).isFalse();
    assertThat(root.resolve("was-link")).hasContent("file now");
    assertThat(Files.isSymbolicLink(root.resolve("was-file"))).isTrue();
  }

  @Test
  void otherFormsOfArchivesAreUnpackedToo() throws IOException {
    unpack(new Zips().zip64().file("large", "form").stored().file("stored", "content"));
    assertThat(root.resolve("large")).hasContent("form");
    assertThat(root.resolve("stored")).hasContent("content");
  }

  @Test
  void dotsAndEmptyPartsOfNamesAreLeftOut() throws IOException {
    unpack(new Zips().file("./a//b/./c", "c").directory("."));
    assertThat(root.resolve("a/b/c")).hasContent("c");
  }

  @Test
  void namesMayBeInAnyLanguage() throws IOException {
    unpack(new Zips().file("größe/日本.txt", "x"));
    assertThat(root.resolve("größe/日本.txt")).hasContent("x");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "../outside",
        "a/../../outside",
        "..",
        "/etc/passwd",
        "/",
        "a/..",
        "a\0b",
      })
  void namesThatLeadOutAreRefused(String name) throws IOException {
    refused(new Zips().file("good", "g").file(name, "evil").bytes());
  }

  @Test
  void namesThatNoFileSystemTakesAreRefused() throws IOException {
    refused(new Zips().file("a".repeat(256), "x").bytes());
    refused(new Zips().file("a/".repeat(2000) + "x", "x").bytes());
  }

  @ParameterizedTest
  @CsvSource({
    "link, ../outside",
    "link, /etc/passwd",
    "link, ..",
    "a/link, ../../outside",
    "a/link, b/../../../outside",
    "a/link, b/..",
    "link, ''",
  })
  void linksThatCouldLeadOutAreRefused(String name, String target) throws IOException {
    refused(new Zips().link(name, target).bytes());
  }

  @Test
  void nothingIsWrittenThroughALink() throws IOException {
    refused(new Zips().link("d", "e").file("d/outside", "evil").bytes());
    refused(new Zips().file("d/x", "x").link("d", "e").bytes());
    refused(new Zips().file("f", "x").file("f/x", "x").bytes());
    refused(new Zips().link("d", "e").directory("d").bytes());
  }

  @Test
  void linksOfLinksStayInside() throws IOException {
    // Each is harmless by its text; together they would climb if climbing were allowed late.
    refused(
        new Zips()
            .file("a/b/c/file", "x")
            .link("a/b/c/up", "../../..")
            .link("evil", "a/b/c/up/../outside")
            .bytes());
  }

  @ParameterizedTest
  @ValueSource(ints = {0010644, 0020644, 0060644, 0140644})
  void devicesPipesAndSocketsAreRefused(int mode) throws IOException {
    refused(new Zips().entry("device", mode, new byte[0]).bytes());
  }

  @Test
  void linksWithLongTargetsAreRefused() throws IOException {
    refused(new Zips().link("link", "a/".repeat(3000)).bytes());
  }

  @Test
  void encryptedEntriesAreRefused() throws IOException {
    byte[] zip = Zips.of("secret", "content");
    set(zip, new byte[] {'P', 'K', 3, 4}, 6, (byte) 1);
    set(zip, new byte[] {'P', 'K', 1, 2}, 8, (byte) 1);
    refused(zip);
  }

  @Test
  void otherCompressionIsRefused() throws IOException {
    for (int method : List.of(1, 6, 9, 12, 93, 99)) {
      byte[] zip = Zips.of("file", "content");
      set(zip, new byte[] {'P', 'K', 3, 4}, 8, (byte) method);
      set(zip, new byte[] {'P', 'K', 1, 2}, 10, (byte) method);
      refused(zip);
    }
  }

  @Test
  void aWrongChecksumIsRefused() throws IOException {
    byte[] zip = Zips.of("file", "content");
    set(zip, new byte[] {'P', 'K', 1, 2}, 16, (byte) 0x5a);
    refused(zip);
  }

  @Test
  void anEmptyArchiveIsRefused() throws IOException {
    assertThat(error(new Zips().bytes())).isEqualTo("Uploaded file must be a non-empty zip");
    assertThat(error(new byte[0])).isEqualTo("Uploaded file must be a non-empty zip");
  }

  @Test
  void sizesAreCountedNotBelieved() throws IOException {
    byte[] bomb = new Zips().zeros("bomb", Unzip.MAX_BYTES + 1).bytes();
    // The directory says that it is small.
    byte[] small = ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(10).array();
    for (int i = 0; i < small.length; i++) {
      set(bomb, new byte[] {'P', 'K', 1, 2}, 24 + i, small[i]);
    }
    assertThat(error(bomb))
        .isIn(MALFORMED, "Unzipped size must be smaller than " + Unzip.MAX_BYTES + " bytes");
    assertThat(error(new Zips().zeros("bomb", Unzip.MAX_BYTES + 1).bytes()))
        .isEqualTo("Unzipped size must be smaller than 262144000 bytes");
  }

  @Test
  void exactlyTheLimitFits() throws IOException {
    unpack(new Zips().zeros("large", Unzip.MAX_BYTES));
    assertThat(root.resolve("large")).hasSize(Unzip.MAX_BYTES);
  }

  @Test
  void moreEntriesThanTheLimitAreRefusedBeforeTheyAreRead() throws IOException {
    Zips many = new Zips();
    for (int i = 0; i <= Unzip.MAX_ENTRIES; i++) {
      many.entry("f" + i, 0, new byte[0]);
    }
    refused(many.bytes());
    assertThat(list()).isEmpty();
  }

  @Test
  void textsThatFillTheMemoryAreRefusedBeforeTheyAreRead() throws IOException {
    int each = 60_000;
    refused(described(Unzip.MAX_TEXT_BYTES / each + 1, "c".repeat(each), new byte[0]));
    byte[] extra = new byte[each];
    ByteBuffer.wrap(extra).order(ByteOrder.LITTLE_ENDIAN).putInt((each - 4) << 16 | 0x7777);
    refused(described(Unzip.MAX_EXTRA_BYTES / each + 1, "", extra));
  }

  private static byte[] described(int entries, String comment, byte[] extra) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      for (int i = 0; i < entries; i++) {
        ZipEntry entry = new ZipEntry("f" + i);
        entry.setComment(comment);
        entry.setExtra(extra);
        zip.putNextEntry(entry);
        zip.closeEntry();
      }
    }
    return bytes.toByteArray();
  }

  @Test
  void entriesAreFoundWhereverTheirBytesLie() throws IOException {
    // The lengths of the first are read, although its checksum looks like another one's begin.
    ByteBuffer entry = ByteBuffer.allocate(50).order(ByteOrder.LITTLE_ENDIAN);
    entry.putInt(0, 0x02014b50).putInt(16, 0x02014b50);
    entry.putShort(28, (short) 0xffff).putShort(30, (short) 7).putShort(32, (short) 5);
    for (int before : List.of(0, 1, (1 << 16) - 1, (1 << 16) - 20, 1 << 17)) {
      byte[] zip = new byte[before + 50];
      System.arraycopy(entry.array(), 0, zip, before, 50);
      assertThat(CentralDirectory.atMost(new ByteArrayInputStream(zip)))
          .isEqualTo(new CentralDirectory(2, 0xffff + 5, 7));
    }
  }

  @Test
  void directoriesWhoseNamesFillTheMemoryAreRefused() throws IOException {
    Zips deep = new Zips();
    for (int i = 0; i < 500; i++) {
      deep.directory(i + ("/" + "d".repeat(100)).repeat(28));
    }
    refused(deep.bytes());
  }

  @Test
  void entriesThatShareTheirExtraFieldsDoNotMultiplyThem() throws IOException {
    byte[] zip = sharing(200);
    var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = threads.getCurrentThreadAllocatedBytes();
    Unzip.into(root, Zip.of(zip));
    assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(64 << 20);
    assertThat(list()).hasSize(200);
  }

  /** Empty files that all have the same place, with as many extra fields as there may be. */
  private static byte[] sharing(int entries) {
    int fields = 16_000;
    ByteBuffer zip =
        ByteBuffer.allocate(30 + 4 * fields + entries * 51 + 22).order(ByteOrder.LITTLE_ENDIAN);
    zip.putInt(0x04034b50).putShort((short) 20).position(28);
    zip.putShort((short) (4 * fields));
    for (int i = 0; i < fields; i++) {
      zip.putInt(0x8000 + i);
    }
    int directory = zip.position();
    for (int i = 0; i < entries; i++) {
      int at = zip.position();
      zip.putInt(0x02014b50).putShort((short) 20).putShort((short) 20).position(at + 28);
      zip.putShort((short) 5).position(at + 46);
      zip.put("%05d".formatted(i).getBytes(UTF_8));
    }
    int end = zip.position();
    zip.putInt(0x06054b50).putInt(0).putShort((short) entries).putShort((short) entries);
    zip.putInt(end - directory).putInt(directory).putShort((short) 0);
    return zip.array();
  }

  @Test
  @SuppressWarnings("PreferCharsetOverload") // which is not public
  void namesInUnicodeComeBeforeThoseOfAnotherCharacterSet() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (var zip = new ZipArchiveOutputStream(bytes)) {
      zip.setEncoding("CP437");
      zip.setUseLanguageEncodingFlag(false);
      zip.setCreateUnicodeExtraFields(ZipArchiveOutputStream.UnicodeExtraFieldPolicy.ALWAYS);
      zip.putArchiveEntry(new ZipArchiveEntry("größe.txt"));
      zip.closeArchiveEntry();
    }
    Unzip.into(root, Zip.of(bytes.toByteArray()));
    assertThat(root.resolve("größe.txt")).exists();
  }

  @Test
  void damagedArchivesAreRefusedOrUnpackedButNeverWorse() throws IOException {
    byte[] good =
        new Zips()
            .file("index.py", "def handler(event, context):\n    return 1\n".repeat(50))
            .link("link", "index.py")
            .directory("lib")
            .file("lib/mod.py", "x = 1\n".repeat(100))
            .bytes();
    SplittableRandom random = new SplittableRandom(11);
    for (int round = 0; round < 2000; round++) {
      byte[] bad = good.clone();
      int changes = random.nextInt(1, 6);
      for (int i = 0; i < changes; i++) {
        bad[random.nextInt(bad.length)] = (byte) random.nextInt();
      }
      byte[] cut = random.nextInt(4) == 0 ? Arrays.copyOf(bad, random.nextInt(bad.length)) : bad;
      Path target = Files.createTempDirectory(directory, "round");
      try {
        Unzip.into(target, Zip.of(cut));
      } catch (LambdaException e) {
        assertThat(e.statusCode()).isEqualTo(400);
      }
      Trees.delete(target);
    }
    assertThat(directory.resolve("outside")).hasContent("untouched");
  }

  private void unpack(Zips zips) throws IOException {
    Unzip.into(root, Zip.of(zips.bytes()));
  }

  private void refused(byte[] zip) throws IOException {
    assertThat(error(zip)).isEqualTo(MALFORMED);
    assertThat(directory.resolve("outside")).hasContent("untouched");
  }

  private String error(byte[] zip) throws IOException {
    Path target = Files.createTempDirectory(directory, "refused");
    LambdaException error =
        catchThrowableOfType(LambdaException.class, () -> Unzip.into(target, Zip.of(zip)));
    assertThat(error).as("it was accepted").isNotNull();
    Trees.delete(target);
    return error.awsErrorDetails().errorMessage();
  }

  private List<Path> list() throws IOException {
    try (Stream<Path> children = Files.list(root)) {
      return children.toList();
    }
  }

  private String permissions(String name) throws IOException {
    return PosixFilePermissions.toString(
        Files.getPosixFilePermissions(root.resolve(name), LinkOption.NOFOLLOW_LINKS));
  }

  /** Changes a byte behind the first place where the bytes are found. */
  private static void set(byte[] zip, byte[] signature, int offset, byte value) {
    for (int i = 0; i + signature.length <= zip.length; i++) {
      if (Arrays.equals(zip, i, i + signature.length, signature, 0, signature.length)) {
        zip[i + offset] = value;
        return;
      }
    }
    throw new IllegalArgumentException("no such signature");
  }
}
