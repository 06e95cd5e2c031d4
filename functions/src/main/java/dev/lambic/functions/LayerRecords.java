package dev.lambic.functions;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.lambic.store.Records;
import dev.lambic.wire.JsonCodec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.lambda.model.AddLayerVersionPermissionRequest;
import software.amazon.awssdk.services.lambda.model.GetLayerVersionResponse;

/**
 * Layers as records: one for the layer itself and one for each version.
 *
 * <p>A layer's record is a line with its form and a line with the last version's number. A
 * version's record is a line with its form, a line that says whether it is live or deleted, a line
 * with its policy's revision, which may be empty, a line with AWS's GetLayerVersion shape, and for
 * each permission a line with the request that gave it.
 */
final class LayerRecords {
  private static final String LAYER = "layer";
  private static final String VERSION = "layer-version";
  private static final String FORM = "lambic layer 1";
  private static final String LIVE = "live";
  private static final String DELETED = "deleted";

  private final Records records;

  LayerRecords(Records records) {
    this.records = records;
  }

  List<LayerImage> load() {
    return records.transaction(in -> {
      Map<String, SortedMap<Long, LayerVersion>> versions = new HashMap<>();
      for (Records.Entry entry : in.scan(VERSION)) {
        int slash = entry.key().lastIndexOf('/');
        LayerVersion version = version(entry.key(), new String(entry.value(), UTF_8));
        versions
            .computeIfAbsent(entry.key().substring(0, slash), key -> new TreeMap<>())
            .put(version.number(), version);
      }
      List<LayerImage> layers = new ArrayList<>();
      for (Records.Entry entry : in.scan(LAYER)) {
        String[] lines = lines(entry.key(), new String(entry.value(), UTF_8), 2);
        layers.add(
            new LayerImage(
                LayerKey.ofRecordKey(entry.key()),
                Long.parseLong(lines[1]),
                versions.getOrDefault(entry.key(), new TreeMap<>())));
      }
      return layers;
    });
  }

  /**
   * Writes the difference, in one transaction.
   *
   * @param before null for a new layer
   */
  void write(@Nullable LayerImage before, LayerImage after) {
    String key = after.key().recordKey();
    SortedMap<Long, LayerVersion> old = before == null ? new TreeMap<>() : before.versions();
    records.transaction(in -> {
      in.put(LAYER, key, (FORM + "\n" + after.lastVersion()).getBytes(UTF_8));
      for (Long number : old.keySet()) {
        if (!after.versions().containsKey(number)) {
          in.delete(VERSION, key + "/" + number);
        }
      }
      after
          .versions()
          .forEach((number, version) -> {
            if (!version.equals(old.get(number))) {
              in.put(VERSION, key + "/" + number, text(version).getBytes(UTF_8));
            }
          });
      return null;
    });
  }

  private static String text(LayerVersion version) {
    GetLayerVersionResponse shape =
        GetLayerVersionResponse.builder()
            .version(version.number())
            .description(version.description())
            .createdDate(version.created())
            .content(c ->
                c.codeSha256(
                        Base64.getEncoder()
                            .encodeToString(HexFormat.of().parseHex(version.codeId())))
                    .codeSize(version.size()))
            .compatibleRuntimesWithStrings(version.runtimes())
            .compatibleArchitecturesWithStrings(version.architectures())
            .licenseInfo(version.license())
            .build();
    StringBuilder text = new StringBuilder(FORM);
    text.append('\n').append(version.deleted() ? DELETED : LIVE);
    text.append('\n').append(version.policyRevision() == null ? "" : version.policyRevision());
    text.append('\n').append(new String(JsonCodec.write(shape), UTF_8));
    for (AddLayerVersionPermissionRequest permission : version.permissions()) {
      text.append('\n').append(new String(JsonCodec.write(permission), UTF_8));
    }
    return text.toString();
  }

  private static LayerVersion version(String key, String text) {
    String[] lines = lines(key, text, 4);
    GetLayerVersionResponse shape =
        JsonCodec.read(GetLayerVersionResponse.builder(), lines[3].getBytes(UTF_8));
    return new LayerVersion(
        shape.version(),
        shape.description(),
        shape.createdDate(),
        HexFormat.of().formatHex(Base64.getDecoder().decode(shape.content().codeSha256())),
        shape.content().codeSize(),
        shape.compatibleRuntimesAsStrings(),
        shape.compatibleArchitecturesAsStrings(),
        shape.licenseInfo(),
        lines[1].equals(DELETED),
        lines[2].isEmpty() ? null : lines[2],
        Arrays.stream(lines)
            .skip(4)
            .map(line ->
                JsonCodec.read(AddLayerVersionPermissionRequest.builder(), line.getBytes(UTF_8)))
            .toList());
  }

  private static String[] lines(String key, String text, int least) {
    String[] lines = text.split("\n", -1);
    if (lines.length < least || !lines[0].equals(FORM)) {
      throw new IllegalStateException("the record of layer " + key + " has an unknown form");
    }
    return lines;
  }
}
