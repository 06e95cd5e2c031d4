package dev.lambic.functions;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.lambic.store.Records;
import dev.lambic.wire.JsonCodec;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.lambda.model.FunctionConfiguration;
import software.amazon.awssdk.services.lambda.model.GetFunctionResponse;

/**
 * Functions as records: one for the function itself and one for each published version.
 *
 * <p>Attachments are records of their kind under the function's key and the qualifier, which is
 * empty for those of the function itself. A version whose package is a container image has one
 * more, AWS's code location shape with the name and the digest of the image. A function's record is
 * a line with its form, a line with the last version's number, an empty line, and AWS's GetFunction
 * shape with configuration and tags; a version's record is AWS's configuration shape.
 */
final class FunctionRecords {
  private static final String FUNCTION = "function";
  private static final String VERSION = "function-version";
  private static final String IMAGE = "function-image";
  private static final String FORM = "lambic function 1";

  private final Records records;

  FunctionRecords(Records records) {
    this.records = records;
  }

  /** All functions, with nothing ready yet. */
  List<FunctionImage> load() {
    return records.transaction(in -> {
      Map<String, SortedMap<Long, FunctionConfiguration>> versions = new HashMap<>();
      for (Records.Entry entry : in.scan(VERSION)) {
        int slash = entry.key().lastIndexOf('/');
        versions
            .computeIfAbsent(entry.key().substring(0, slash), key -> new TreeMap<>())
            .put(
                Long.valueOf(entry.key().substring(slash + 1)),
                JsonCodec.read(FunctionConfiguration.builder(), entry.value()));
      }
      Map<String, Map<String, ImageSource>> images = new HashMap<>();
      for (Records.Entry entry : in.scan(IMAGE)) {
        int slash = entry.key().lastIndexOf('/');
        images
            .computeIfAbsent(entry.key().substring(0, slash), key -> new HashMap<>())
            .put(entry.key().substring(slash + 1), ImageSource.decode(entry.value()));
      }
      Map<String, Attachments> attachments = new HashMap<>();
      for (Kind<?> kind : Kind.ALL) {
        load(kind, in, attachments);
      }
      List<FunctionImage> functions = new ArrayList<>();
      for (Records.Entry entry : in.scan(FUNCTION)) {
        functions.add(
            decode(
                entry.key(),
                entry.value(),
                versions.getOrDefault(entry.key(), new TreeMap<>()),
                images.getOrDefault(entry.key(), Map.of()),
                attachments.getOrDefault(entry.key(), Attachments.NONE)));
      }
      return functions;
    });
  }

  /**
   * Writes the difference, in one transaction.
   *
   * @param before null for a new function
   * @param after null for one that is deleted
   */
  void write(@Nullable FunctionImage before, @Nullable FunctionImage after) {
    FunctionImage some = Objects.requireNonNull(after == null ? before : after);
    String key = some.key().recordKey();
    SortedMap<Long, FunctionConfiguration> old =
        before == null ? new TreeMap<>() : before.versions();
    SortedMap<Long, FunctionConfiguration> now = after == null ? new TreeMap<>() : after.versions();
    byte @Nullable [] head = after == null ? null : encode(after);
    records.transaction(in -> {
      if (head == null) {
        in.delete(FUNCTION, key);
      } else {
        in.put(FUNCTION, key, head);
      }
      for (Long number : old.keySet()) {
        if (!now.containsKey(number)) {
          in.delete(VERSION, key + "/" + number);
        }
      }
      now.forEach((number, version) -> {
        if (!version.equals(old.get(number))) {
          in.put(VERSION, key + "/" + number, JsonCodec.write(version));
        }
      });
      Map<String, ImageSource> oldImages = before == null ? Map.of() : before.images();
      Map<String, ImageSource> nowImages = after == null ? Map.of() : after.images();
      for (String version : oldImages.keySet()) {
        if (!nowImages.containsKey(version)) {
          in.delete(IMAGE, key + "/" + version);
        }
      }
      nowImages.forEach((version, image) -> {
        if (!image.equals(oldImages.get(version))) {
          in.put(IMAGE, key + "/" + version, image.encode());
        }
      });
      for (Kind<?> kind : Kind.ALL) {
        write(
            kind,
            in,
            key,
            before == null ? Attachments.NONE : before.attachments(),
            after == null ? Attachments.NONE : after.attachments());
      }
      return null;
    });
  }

  private static <T> void load(
      Kind<T> kind, Records.Transaction in, Map<String, Attachments> loaded) {
    for (Records.Entry entry : in.scan(kind.record())) {
      int slash = entry.key().lastIndexOf('/');
      String qualifier = entry.key().substring(slash + 1);
      T value = kind.decode().apply(entry.value());
      loaded.compute(
          entry.key().substring(0, slash),
          (key, some) -> (some == null ? Attachments.NONE : some).with(kind, qualifier, value));
    }
  }

  private static <T> void write(
      Kind<T> kind, Records.Transaction in, String key, Attachments before, Attachments after) {
    SortedMap<String, T> old = before.all(kind);
    SortedMap<String, T> now = after.all(kind);
    for (String qualifier : old.keySet()) {
      if (!now.containsKey(qualifier)) {
        in.delete(kind.record(), key + "/" + qualifier);
      }
    }
    now.forEach((qualifier, value) -> {
      if (!value.equals(old.get(qualifier))) {
        in.put(kind.record(), key + "/" + qualifier, kind.encode().apply(value));
      }
    });
  }

  private static byte[] encode(FunctionImage function) {
    String head = FORM + "\n" + function.lastVersion() + "\n\n";
    GetFunctionResponse.Builder shape =
        GetFunctionResponse.builder().configuration(function.latest()).tags(function.tags());
    return (head + new String(JsonCodec.write(shape.build()), UTF_8)).getBytes(UTF_8);
  }

  private static FunctionImage decode(
      String key,
      byte[] value,
      SortedMap<Long, FunctionConfiguration> versions,
      Map<String, ImageSource> images,
      Attachments attachments) {
    String[] parts = new String(value, UTF_8).split("\n", 4);
    if (parts.length != 4 || !parts[0].equals(FORM)) {
      throw new IllegalStateException("the record of function " + key + " has an unknown form");
    }
    GetFunctionResponse shape =
        JsonCodec.read(GetFunctionResponse.builder(), parts[3].getBytes(UTF_8));
    return new FunctionImage(
        FunctionKey.ofRecordKey(key),
        shape.configuration(),
        versions,
        Long.parseLong(parts[1]),
        shape.tags(),
        Map.of(),
        images,
        attachments);
  }
}
