package dev.lambic.functions;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.services.lambda.model.CreateFunctionRequest;
import software.amazon.awssdk.services.lambda.model.FunctionCode;
import software.amazon.awssdk.services.lambda.model.FunctionConfiguration;
import software.amazon.awssdk.services.lambda.model.State;

/** Code that lies in S3, and roles that do not let Lambda in, in the words recorded from Lambda. */
class CodeFromS3Test {
  private static final String ERROR =
      "400 InvalidParameterValueException: Error occurred while GetObject. S3 Error Code: ";

  @TempDir private Path directory;
  private final Bucket bucket = new Bucket();
  private final Set<String> closedRoles = new HashSet<>();
  private World world;

  /** One bucket, in memory. */
  private static final class Bucket implements CodeObjects {
    private final Map<String, byte[]> objects = new HashMap<>();
    private int open;

    @Override
    public InputStream open(String name, String key, @Nullable String version) throws Refused {
      if (!name.equals("code")) {
        throw new Refused("NoSuchBucket", "The specified bucket does not exist");
      }
      byte[] object = objects.get(version == null ? key : key + "@" + version);
      if (object == null) {
        throw new Refused("NoSuchKey", "The specified key does not exist.");
      }
      open++;
      return new ByteArrayInputStream(object) {
        @Override
        public void close() {
          open--;
        }
      };
    }
  }

  @BeforeEach
  void open() {
    world = new World(directory);
    world.service().use(bucket, role -> !closedRoles.contains(role));
    bucket.objects.put("one.zip", Zips.handler("one").asByteArray());
    bucket.objects.put("two.zip@v1", Zips.handler("two").asByteArray());
  }

  @AfterEach
  void close() throws IOException {
    assertThat(bucket.open).isZero();
    world.close();
    try (var left = Files.list(directory.resolve("functions/code"))) {
      assertThat(left.map(file -> file.getFileName().toString()))
          .noneMatch(name -> name.endsWith(".zip"));
    }
  }

  private static Consumer<CreateFunctionRequest.Builder> from(Consumer<FunctionCode.Builder> code) {
    return request -> {
      World.usual("fn").accept(request);
      FunctionCode.Builder source = FunctionCode.builder();
      code.accept(source);
      request.code(source.build());
    };
  }

  @Test
  void isFetchedWhenAFunctionIsMadeAndChanged() {
    world.call(l -> l.createFunction(from(c -> c.s3Bucket("code").s3Key("one.zip"))));
    world.settle();
    FunctionConfiguration first = world.configuration("fn");
    assertThat(first.state()).isEqualTo(State.ACTIVE);
    assertThat(first.codeSize()).isEqualTo((long) Zips.handler("one").asByteArray().length);
    world.call(l ->
        l.updateFunctionCode(
            u -> u.functionName("fn").s3Bucket("code").s3Key("two.zip").s3ObjectVersion("v1")));
    world.settle();
    FunctionConfiguration second = world.configuration("fn");
    world.call(l -> l.updateFunctionCode(u -> u.functionName("fn").zipFile(Zips.handler("two"))));
    world.settle();
    assertThat(world.configuration("fn").codeSha256())
        .isEqualTo(second.codeSha256())
        .isNotEqualTo(first.codeSha256());
  }

  @Test
  void isFetchedForALayer() {
    assertThat(
            world
                .call(l ->
                    l.publishLayerVersion(
                        p -> p.layerName("l").content(c -> c.s3Bucket("code").s3Key("one.zip"))))
                .content()
                .codeSize())
        .isEqualTo((long) Zips.handler("one").asByteArray().length);
    assertThat(
            world.error(l ->
                l.publishLayerVersion(
                    p -> p.layerName("l").content(c -> c.s3Bucket("code").s3Key("none")))))
        .isEqualTo(ERROR + "NoSuchKey. S3 Error Message: The specified key does not exist.");
  }

  @Test
  void whatS3RefusesIsToldInItsWords() {
    assertThat(world.error(l -> l.createFunction(from(c -> c.s3Bucket("code").s3Key("none")))))
        .isEqualTo(ERROR + "NoSuchKey. S3 Error Message: The specified key does not exist.");
    assertThat(world.error(l -> l.createFunction(from(c -> c.s3Bucket("none").s3Key("k")))))
        .isEqualTo(ERROR + "NoSuchBucket. S3 Error Message: The specified bucket does not exist");
    assertThat(world.error(l -> l.createFunction(from(c -> c.s3Bucket("code")))))
        .isEqualTo(
            "400 InvalidParameterValueException: Please provide a source for function code.");
    assertThat(
            world.error(l ->
                l.createFunction(
                    from(c -> c.s3Bucket("code").s3Key("one.zip").zipFile(Zips.handler("one"))))))
        .contains("Please do not provide other FunctionCode parameters");
    bucket.objects.put("bad.zip", new byte[] {1, 2, 3});
    assertThat(world.error(l -> l.createFunction(from(c -> c.s3Bucket("code").s3Key("bad.zip")))))
        .contains("Could not unzip uploaded file");
    assertThat(world.call(l -> l.listFunctions()).functions()).isEmpty();
  }

  @Test
  void mayBeLargerThanWhatARequestMayCarry() {
    byte[] content = new byte[PackageSource.MAX_ZIP_BYTES + 1];
    new Random(1).nextBytes(content);
    bucket.objects.put("large.zip", new Zips().entry("index.py", 0100644, content).bytes());
    world.call(l -> l.createFunction(from(c -> c.s3Bucket("code").s3Key("large.zip"))));
    world.settle();
    assertThat(world.configuration("fn").state()).isEqualTo(State.ACTIVE);
    assertThat(world.configuration("fn").codeSize()).isGreaterThan(content.length);
  }

  @Test
  void aRoleThatDoesNotLetLambdaInIsRefused() {
    String refusal =
        "400 InvalidParameterValueException: The role defined for the function cannot be assumed by"
            + " Lambda.";
    world.create("open");
    closedRoles.add(World.ROLE);
    assertThat(world.error(l -> l.createFunction(from(c -> c.s3Bucket("code").s3Key("one.zip")))))
        .isEqualTo(refusal);
    assertThat(
            world.error(
                l -> l.updateFunctionConfiguration(u -> u.functionName("open").role(World.ROLE))))
        .isEqualTo(refusal);
    world.call(l -> l.updateFunctionConfiguration(u -> u.functionName("open").timeout(5)));
  }
}
