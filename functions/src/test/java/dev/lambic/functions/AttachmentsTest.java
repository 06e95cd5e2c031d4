package dev.lambic.functions;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lambic.store.Records;
import dev.lambic.store.SqliteRecords;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.core.SdkField;
import software.amazon.awssdk.core.SdkPojo;
import software.amazon.awssdk.core.protocol.MarshallingType;
import software.amazon.awssdk.services.lambda.model.FunctionConfiguration;
import software.amazon.awssdk.utils.builder.SdkBuilder;

/** What is attached to functions and qualifiers is written, changed, removed and read again. */
class AttachmentsTest {
  private static final FunctionKey KEY = new FunctionKey("111111111111", "us-east-1", "fn");
  private static final FunctionKey OTHER = new FunctionKey("111111111111", "us-east-1", "fn2");

  @TempDir private Path directory;

  @Test
  void everyKindIsKept() {
    try (Records records = SqliteRecords.open(directory.resolve("lambic.db"))) {
      FunctionRecords functions = new FunctionRecords(records);
      FunctionImage bare = function(KEY);
      functions.write(null, bare);
      functions.write(null, function(OTHER));
      FunctionImage all = bare;
      for (Kind<?> kind : Kind.ALL) {
        all = all.withAttachments(with(kind, all.attachments(), "1"));
      }
      functions.write(bare, all);
      assertThat(loaded(functions)).isEqualTo(all.attachments());
      for (Kind<?> kind : Kind.ALL) {
        FunctionImage without = all.withAttachments(all.attachments().without(kind, "live"));
        functions.write(all, without);
        assertThat(loaded(functions))
            .isEqualTo(without.attachments())
            .isNotEqualTo(all.attachments());
        FunctionImage changed = without.withAttachments(with(kind, without.attachments(), "2"));
        functions.write(without, changed);
        assertThat(loaded(functions))
            .isEqualTo(changed.attachments())
            .isNotEqualTo(all.attachments());
        all = changed;
      }
      FunctionImage less = all.withAttachments(all.attachments().withoutQualifier("live"));
      functions.write(all, less);
      assertThat(loaded(functions)).isEqualTo(less.attachments());
      for (Kind<?> kind : Kind.ALL) {
        assertThat(less.attachments().all(kind).keySet())
            .containsExactly(Attachments.FUNCTION, "$LATEST", "7");
      }
      functions.write(less, null);
      functions.write(null, bare);
      assertThat(loaded(functions)).isEqualTo(Attachments.NONE);
    }
  }

  @Test
  void aVersionTakesAlongWhatItHad() {
    FunctionImage function = function(KEY);
    FunctionConfiguration version = function.latest().toBuilder().version("1").build();
    FunctionImage published = function.publish(version);
    Attachments attached =
        published
            .attachments()
            .with(Kind.RECURSION, "1", "Allow")
            .with(Kind.RECURSION, "live", "Allow");
    FunctionImage after = published.withAttachments(attached).withoutVersion(1L);
    assertThat(after.attachments().all(Kind.RECURSION)).containsOnlyKeys("live");
  }

  @Test
  void nothingLeftIsNothing() {
    Attachments one = Attachments.NONE.with(Kind.RESERVED, Attachments.FUNCTION, 5);
    assertThat(one.get(Kind.RESERVED, Attachments.FUNCTION)).isEqualTo(5);
    assertThat(one.get(Kind.RESERVED, "1")).isNull();
    assertThat(one.without(Kind.RESERVED, "1")).isSameAs(one);
    assertThat(one.without(Kind.RESERVED, Attachments.FUNCTION)).isEqualTo(Attachments.NONE);
    assertThat(Attachments.NONE.get(Kind.RESERVED, Attachments.FUNCTION)).isNull();
  }

  @Test
  void kindsHaveRecordsOfTheirOwn() {
    Set<String> records = new HashSet<>(List.of("function", "function-version", "function-image"));
    for (Kind<?> kind : Kind.ALL) {
      assertThat(records.add(kind.record())).as(kind.record()).isTrue();
    }
  }

  private static Attachments loaded(FunctionRecords functions) {
    Map<FunctionKey, Attachments> loaded = new LinkedHashMap<>();
    functions.load().forEach(function -> loaded.put(function.key(), function.attachments()));
    assertThat(loaded).containsOnlyKeys(KEY, OTHER);
    assertThat(loaded.get(OTHER)).isEqualTo(Attachments.NONE);
    Attachments found = loaded.get(KEY);
    assertThat(found).isNotNull();
    return found;
  }

  private static <T> Attachments with(Kind<T> kind, Attachments before, String mark) {
    T value = sample(kind, mark);
    return before
        .with(kind, Attachments.FUNCTION, sample(kind, "7"))
        .with(kind, "$LATEST", sample(kind, "8"))
        .with(kind, "7", sample(kind, "9"))
        .with(kind, "live", value);
  }

  /** A value of the kind that has the mark in it. */
  private static <T> T sample(Kind<T> kind, String mark) {
    if (kind.equals(Kind.POLICY)) {
      return kind.decode().apply(("{\"StatementId\":\"" + mark + "\"}").getBytes(UTF_8));
    }
    if (kind.equals(Kind.FORMER)) {
      FunctionConfiguration former = FunctionConfiguration.builder().description(mark).build();
      ImageSource image = new ImageSource("repo:tag", "repo@sha256:" + mark, mark);
      return kind.decode().apply(new Former(former, image).encode());
    }
    try {
      // Numbers and texts.
      return kind.decode().apply(mark.getBytes(UTF_8));
    } catch (RuntimeException e) {
      T empty = kind.decode().apply("{}".getBytes(UTF_8));
      return marked(kind, (SdkPojo) empty, mark);
    }
  }

  /** A shape whose texts are all the mark. */
  @SuppressWarnings("unchecked") // a builder's product is of the class that gave the builder
  private static <T> T marked(Kind<T> kind, SdkPojo empty, String mark) {
    SdkBuilder<?, ?> builder =
        ((software.amazon.awssdk.utils.builder.ToCopyableBuilder<?, ?>) empty).toBuilder();
    boolean any = false;
    for (SdkField<?> field : empty.sdkFields()) {
      if (field.marshallingType().equals(MarshallingType.STRING)) {
        field.set(builder, mark);
        any = true;
      }
    }
    assertThat(any).as("%s has a text", kind.record()).isTrue();
    return (T) builder.build();
  }

  private static FunctionImage function(FunctionKey key) {
    FunctionConfiguration latest =
        FunctionConfiguration.builder()
            .functionName(key.name())
            .version(FunctionVersion.LATEST)
            .build();
    return new FunctionImage(key, latest, Map.of());
  }
}
