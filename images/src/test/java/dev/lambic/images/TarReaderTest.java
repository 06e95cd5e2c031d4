package dev.lambic.images;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Reads what others write, and never more than it should. */
final class TarReaderTest {
  private static List<TarEntry> read(byte[] tar) throws IOException {
    TarReader reader = new TarReader(new ByteArrayInputStream(tar));
    List<TarEntry> entries = new ArrayList<>();
    for (TarEntry entry = reader.next(); entry != null; entry = reader.next()) {
      entries.add(entry);
    }
    return entries;
  }

  @Test
  void readsNamesTypesAndContents() throws IOException {
    byte[] tar =
        new TestTar()
            .directory("d/", 0750)
            .file("d/f", "content")
            .link("d/l", "../f")
            .hardLink("d/h", "d/f")
            .file("empty", "")
            .bytes();
    TarReader reader = new TarReader(new ByteArrayInputStream(tar));
    assertThat(reader.next()).isEqualTo(new TarEntry("d/", '5', 0750, 1_000_000_000, 0, "", 512));
    TarEntry file = reader.next();
    assertThat(file).isEqualTo(new TarEntry("d/f", '0', 0644, 1_000_000_000, 7, "", 1024));
    byte[] content = new byte[100];
    assertThat(reader.read(content)).isEqualTo(7);
    assertThat(new String(content, 0, 7, UTF_8)).isEqualTo("content");
    assertThat(reader.read(content)).isEqualTo(-1);
    assertThat(reader.next()).extracting(TarEntry::link).isEqualTo("../f");
    assertThat(reader.next()).extracting(TarEntry::link).isEqualTo("d/f");
    assertThat(reader.next()).extracting(TarEntry::name).isEqualTo("empty");
    assertThat(reader.next()).isNull();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void readsLongAndForeignNames(boolean gnu) throws IOException {
    String name = "d/".repeat(150) + "ü";
    String target = "t/".repeat(120) + "ö";
    TestTar tar = gnu ? new TestTar().gnu() : new TestTar();
    List<TarEntry> entries =
        read(tar.file(name, "x").link("l", target).hardLink("h", name).bytes());
    assertThat(entries).extracting(TarEntry::name).containsExactly(name, "l", "h");
    assertThat(entries).extracting(TarEntry::link).containsExactly("", target, name);
  }

  @Test
  void refusesHeadersThatWouldFillTheMemory() {
    byte[] tar = new TestTar().file("x", "").bytes();
    for (char type : new char[] {'x', 'g', 'L', 'K'}) {
      byte[] huge = tar.clone();
      huge[156] = (byte) type;
      Arrays.fill(huge, 124, 135, (byte) '7');
      sum(huge);
      assertThatThrownBy(() -> read(huge)).hasMessageContaining("too long");
    }
  }

  @Test
  void keepsOfExtendedHeadersOnlyWhatIsUsed() throws IOException {
    byte[] name = new TestTar().file("d/".repeat(60) + "f", "").bytes();
    byte[] plain = new TestTar().file("x", "").bytes();
    String other = "SCHILY.xattr.user.a=" + "x".repeat(100) + "\n";
    byte[] record = ("125 " + other).getBytes(UTF_8);
    assertThat(record).hasSize(125);
    byte[] foreign = header(plain, 'x', record);
    assertThat(read(join(foreign, name))).hasSize(1);
    assertThatThrownBy(
            () -> read(join(header(plain, 'x', "21 GNU.sparse.size=1\n".getBytes(UTF_8)), plain)))
        .hasMessageContaining("sparse");
  }

  @Test
  void refusesManyHeadersOfOneEntry() throws IOException {
    byte[] plain = new TestTar().file("x", "").bytes();
    for (char type : new char[] {'x', 'g', 'L', 'K'}) {
      byte[] header = header(plain, type, "7 a=bc\n".getBytes(UTF_8));
      byte[] most = plain;
      for (int i = 0; i < TarReader.MAX_HEADERS; i++) {
        most = join(header, most);
      }
      assertThat(read(most)).hasSize(1);
      byte[] more = join(header, most);
      assertThatThrownBy(() -> read(more)).hasMessageContaining("too many headers");
    }
  }

  /** A header beside an entry, made of a plain one, with what follows it. */
  private static byte[] header(byte[] tar, char type, byte[] text) {
    byte[] header = Arrays.copyOf(tar, 1024);
    Arrays.fill(header, 512, 1024, (byte) 0);
    System.arraycopy(text, 0, header, 512, text.length);
    header[156] = (byte) type;
    System.arraycopy("%011o".formatted(text.length).getBytes(UTF_8), 0, header, 124, 11);
    sum(header);
    return header;
  }

  private static byte[] join(byte[] one, byte[] two) {
    byte[] both = Arrays.copyOf(one, one.length + two.length);
    System.arraycopy(two, 0, both, one.length, two.length);
    return both;
  }

  @Test
  void refusesWhatIsCutOff() {
    byte[] tar = new TestTar().file("x", "y".repeat(2000)).bytes();
    for (int length : new int[] {100, 511, 700, 1500}) {
      assertThatThrownBy(() -> read(Arrays.copyOf(tar, length))).isInstanceOf(IOException.class);
    }
  }

  @Test
  void refusesNegativeAndMalformedSizes() {
    byte[] tar = new TestTar().file("x", "").bytes();
    byte[] negative = tar.clone();
    Arrays.fill(negative, 124, 136, (byte) 0xff);
    sum(negative);
    assertThatThrownBy(() -> read(negative)).hasMessageContaining("negative");
    byte[] malformed = tar.clone();
    malformed[124] = 'x';
    sum(malformed);
    assertThatThrownBy(() -> read(malformed)).hasMessageContaining("malformed");
    byte[] wrong = tar.clone();
    wrong[0] ^= 1;
    assertThatThrownBy(() -> read(wrong)).hasMessageContaining("wrong sum");
  }

  /** Whatever comes, it ends, and by nothing but an error of its own kind. */
  @Test
  void livesWithDamage() {
    byte[] tar =
        new TestTar().file("d/".repeat(100) + "f", "content").link("l", "t".repeat(150)).bytes();
    Random random = new Random(7);
    for (int round = 0; round < 2000; round++) {
      byte[] damaged = tar.clone();
      for (int i = 0; i < 3; i++) {
        damaged[random.nextInt(damaged.length)] = (byte) random.nextInt(256);
      }
      for (int block = 0; block + 512 <= damaged.length; block += 512) {
        sum(damaged, block);
      }
      try {
        read(damaged);
      } catch (IOException expected) {
        assertThat(expected).hasMessageNotContaining("null");
      }
    }
  }

  private static void sum(byte[] tar) {
    sum(tar, 0);
  }

  private static void sum(byte[] tar, int at) {
    int sum = 8 * ' ';
    for (int i = at; i < at + 512; i++) {
      sum += i >= at + 148 && i < at + 156 ? 0 : tar[i] & 0xff;
    }
    System.arraycopy("%06o\0 ".formatted(sum).getBytes(UTF_8), 0, tar, at + 148, 8);
  }
}
