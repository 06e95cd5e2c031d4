package dev.lambic.functions;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.services.lambda.model.CreateFunctionRequest;
import software.amazon.awssdk.services.lambda.model.FunctionConfiguration;
import software.amazon.awssdk.services.lambda.model.UpdateFunctionConfigurationRequest;
import software.amazon.awssdk.services.lambda.model.VpcConfigResponse;

/** Settings that are kept and shown as on AWS, and tracing, which acts. */
class KeptSettingsTest {
  private static final String INVALID = "400 InvalidParameterValueException: ";
  private static final String QUEUE = "arn:aws:sqs:us-east-1:111111111111:letters";
  private static final String KEY = "arn:aws:kms:us-east-1:111111111111:key/k";

  @TempDir private Path directory;
  private World world;

  @BeforeEach
  void open() {
    world = new World(directory);
  }

  @AfterEach
  void close() {
    world.close();
  }

  @Test
  void aFunctionIsAttachedToANetworkMovedAndDetached() {
    FunctionConfiguration made =
        create(r -> r.vpcConfig(v -> v.subnetIds("subnet-1").securityGroupIds("sg-1")));
    VpcConfigResponse vpc = made.vpcConfig();
    assertThat(vpc.subnetIds()).containsExactly("subnet-1");
    assertThat(vpc.securityGroupIds()).containsExactly("sg-1");
    assertThat(vpc.vpcId()).matches("vpc-[0-9a-f]{17}");
    assertThat(vpc.ipv6AllowedForDualStack()).isFalse();
    VpcConfigResponse moved =
        update(r ->
                r.vpcConfig(v ->
                    v.subnetIds("subnet-2").securityGroupIds("sg-2").ipv6AllowedForDualStack(true)))
            .vpcConfig();
    assertThat(moved.subnetIds()).containsExactly("subnet-2");
    assertThat(moved.vpcId()).isEqualTo(vpc.vpcId());
    assertThat(moved.ipv6AllowedForDualStack()).isTrue();
    assertThat(update(r -> r.timeout(9)).vpcConfig()).isEqualTo(moved);
    VpcConfigResponse none =
        update(r -> r.vpcConfig(v -> v.subnetIds(List.of()).securityGroupIds(List.of())))
            .vpcConfig();
    assertThat(none.hasSubnetIds()).isTrue();
    assertThat(none.subnetIds()).isEmpty();
    assertThat(none.securityGroupIds()).isEmpty();
    assertThat(none.vpcId()).isEmpty();
    assertThat(none.ipv6AllowedForDualStack()).isFalse();
  }

  @Test
  void subnetsAndGroupsGoTogether() {
    assertThat(
            world.error(l ->
                l.createFunction(
                    World.usual("fn").andThen(r -> r.vpcConfig(v -> v.subnetIds("subnet-1"))))))
        .isEqualTo(INVALID + "SubnetIds and SecurityGroupIds must coexist or be both empty list.");
  }

  @Test
  void deadLettersAndKeysAreSetAndTakenAway() {
    FunctionConfiguration made =
        create(r -> r.deadLetterConfig(d -> d.targetArn(QUEUE)).kmsKeyArn(KEY));
    assertThat(made.deadLetterConfig().targetArn()).isEqualTo(QUEUE);
    assertThat(made.kmsKeyArn()).isEqualTo(KEY);
    world.restart();
    assertThat(world.configuration("fn").deadLetterConfig().targetArn()).isEqualTo(QUEUE);
    FunctionConfiguration bare =
        update(r -> r.deadLetterConfig(d -> d.targetArn("")).kmsKeyArn(""));
    assertThat(bare.deadLetterConfig()).isNull();
    assertThat(bare.kmsKeyArn()).isNull();
    assertThat(
            world.error(l ->
                l.updateFunctionConfiguration(r ->
                    r.functionName("fn").deadLetterConfig(d -> d.targetArn(World.ARN + "other")))))
        .startsWith(INVALID + "The TargetArn of DeadLetterConfig must name");
  }

  @Test
  void tracingReachesTheEnvironments() {
    FunctionConfiguration made = create(r -> r.tracingConfig(t -> t.mode("Active")));
    assertThat(made.tracingConfig().modeAsString()).isEqualTo("Active");
    assertThat(resolve().traced()).isTrue();
    world.restart();
    assertThat(resolve().traced()).isTrue();
    update(r -> r.tracingConfig(t -> t.mode("PassThrough")));
    assertThat(resolve().traced()).isFalse();
  }

  @Test
  void snapshotsAreShownAsBeingOff() {
    FunctionConfiguration made =
        create(r -> r.snapStart(s -> s.applyOn("PublishedVersions")).publish(true));
    assertThat(made.snapStart().applyOnAsString()).isEqualTo("PublishedVersions");
    assertThat(made.snapStart().optimizationStatusAsString()).isEqualTo("Off");
    FunctionConfiguration version = world.configuration("fn:1");
    assertThat(version.snapStart().applyOnAsString()).isEqualTo("PublishedVersions");
    assertThat(version.snapStart().optimizationStatusAsString()).isEqualTo("Off");
    assertThat(
            world.error(l ->
                l.createFunction(
                    World.usual("old")
                        .andThen(r ->
                            r.runtime("python3.11")
                                .snapStart(s -> s.applyOn("PublishedVersions"))))))
        .isEqualTo(INVALID + "python3.11 is not supported for SnapStart enabled functions.");
    assertThat(
            world.error(l ->
                l.updateFunctionConfiguration(
                    r -> r.functionName("fn").ephemeralStorage(e -> e.size(1024)))))
        .startsWith(INVALID + "SnapStart is not available with more than 512 MB");
  }

  @Test
  void versionsWaitForTheirSnapshots() {
    List<Snapshots.Result> results =
        new ArrayList<>(
            List.of(
                new Snapshots.Result.Made(),
                new Snapshots.Result.Failed("FunctionError.RuntimeInitError", "it fails"),
                new Snapshots.Result.Impossible()));
    List<String> asked = new ArrayList<>();
    world
        .service()
        .snapshots(version -> {
          asked.add(version.version());
          return results.removeFirst();
        });
    create(r -> r.snapStart(s -> s.applyOn("PublishedVersions")).publish(true));
    FunctionConfiguration made = world.configuration("fn:1");
    assertThat(made.stateAsString()).isEqualTo("Active");
    assertThat(made.snapStart().optimizationStatusAsString()).isEqualTo("On");
    assertThat(world.configuration("fn").snapStart().optimizationStatusAsString()).isEqualTo("Off");
    // What was published is what there is, with a snapshot or without.
    assertThat(world.publish("fn").version()).isEqualTo("1");
    update(r -> r.description("another"));
    world.publish("fn");
    world.settle();
    FunctionConfiguration failed = world.configuration("fn:2");
    assertThat(failed.stateAsString()).isEqualTo("Failed");
    assertThat(failed.stateReasonCodeAsString()).isEqualTo("FunctionError.RuntimeInitError");
    assertThat(failed.stateReason()).isEqualTo("it fails");
    update(r -> r.description("a third"));
    world.publish("fn");
    world.settle();
    FunctionConfiguration without = world.configuration("fn:3");
    assertThat(without.stateAsString()).isEqualTo("Active");
    assertThat(without.snapStart().optimizationStatusAsString()).isEqualTo("Off");
    assertThat(asked).containsExactly("1", "2", "3");
  }

  @Test
  void aSnapshotThatWasPostponedIsMadeLaterButNotTriedForEver() {
    List<String> asked = new ArrayList<>();
    List<Snapshots.Result> results = new ArrayList<>(List.of(new Snapshots.Result.Postponed()));
    world
        .service()
        .snapshots(version -> {
          asked.add(version.version());
          return results.size() > 1 ? results.removeFirst() : results.getFirst();
        });
    create(r -> r.snapStart(s -> s.applyOn("PublishedVersions")).publish(true));
    assertThat(world.configuration("fn:1").stateAsString()).isEqualTo("Active");
    startWithout();
    assertThat(asked).hasSize(1);
    for (int minute = 0; minute < 20; minute++) {
      world.clock.advance(Duration.ofMinutes(1));
      startWithout();
    }
    assertThat(asked).hasSize(5);
    assertThat(world.configuration("fn:1").snapStart().optimizationStatusAsString())
        .isEqualTo("Off");
    results.addAll(List.of(new Snapshots.Result.Made(), new Snapshots.Result.Impossible()));
    update(r -> r.description("another"));
    world.publish("fn");
    world.settle();
    world.clock.advance(Duration.ofMinutes(1));
    world.service().snapshotIsLost("111111111111", "us-east-1", "fn", "2");
    world.settle();
    assertThat(world.configuration("fn:2").snapStart().optimizationStatusAsString())
        .isEqualTo("On");
  }

  @Test
  void whatWasTriedOfADeletedFunctionIsNotHeldAgainstItsSuccessor() {
    List<String> asked = new ArrayList<>();
    world
        .service()
        .snapshots(version -> {
          asked.add(version.version());
          return new Snapshots.Result.Postponed();
        });
    Consumer<CreateFunctionRequest.Builder> wanted =
        r -> r.snapStart(s -> s.applyOn("PublishedVersions")).publish(true);
    create(wanted);
    for (int minute = 0; minute < 10; minute++) {
      world.clock.advance(Duration.ofMinutes(1));
      startWithout();
    }
    assertThat(asked).hasSize(5);
    world.call(l -> l.deleteFunction(r -> r.functionName("fn")));
    world.clock.advance(Duration.ofMinutes(1));
    create(wanted);
    for (int minute = 0; minute < 10; minute++) {
      world.clock.advance(Duration.ofMinutes(1));
      startWithout();
    }
    assertThat(asked).hasSize(10);
  }

  private void startWithout() {
    world.service().snapshotIsLost("111111111111", "us-east-1", "fn", "1");
    world.settle();
  }

  /** And the version of the same number that is published meanwhile gets one of its own. */
  @Test
  void nothingIsLeftOfASnapshotWhoseVersionIsDeletedWhileItIsMade() {
    Consumer<CreateFunctionRequest.Builder> wanted =
        r -> r.snapStart(s -> s.applyOn("PublishedVersions")).publish(true);
    List<String> done = new ArrayList<>();
    world
        .service()
        .snapshots(
            new Snapshots() {
              @Override
              public Result make(FunctionVersion version) {
                done.add("made " + version.handler());
                if (done.size() == 1) {
                  world.call(l -> l.deleteFunction(r -> r.functionName("fn")));
                  world.clock.advance(Duration.ofSeconds(1));
                  world.call(l ->
                      l.createFunction(
                          World.usual("fn").andThen(wanted).andThen(r -> r.handler("new.one"))));
                }
                return new Result.Made();
              }

              @Override
              public void forget(FunctionVersion version) {
                done.add("forgotten " + version.handler());
              }
            });
    create(wanted.andThen(r -> r.handler("old.one")));
    assertThat(done)
        .startsWith("made old.one", "forgotten old.one", "made new.one")
        .doesNotContain("forgotten new.one");
    FunctionConfiguration version = world.configuration("fn:1");
    assertThat(version.stateAsString()).isEqualTo("Active");
    assertThat(version.handler()).isEqualTo("new.one");
    assertThat(version.snapStart().optimizationStatusAsString()).isEqualTo("On");
  }

  @Test
  void whatDoesNotActIsToldOnce() {
    List<String> notices = new ArrayList<>();
    world.service().notices(notices::add);
    create(r -> r.deadLetterConfig(d -> d.targetArn("")).snapStart(s -> s.applyOn("None")));
    assertThat(notices).isEmpty();
    update(r -> r.deadLetterConfig(d -> d.targetArn(QUEUE)).kmsKeyArn(KEY));
    update(r -> r.kmsKeyArn(KEY).snapStart(s -> s.applyOn("PublishedVersions")));
    update(r -> r.vpcConfig(v -> v.subnetIds("subnet-1").securityGroupIds("sg-1")));
    assertThat(notices)
        .extracting(notice -> notice.substring(0, notice.indexOf(' ')))
        .containsExactly("DeadLetterConfig", "KMSKeyArn", "VpcConfig");
  }

  private FunctionVersion resolve() {
    return world.service().directory().resolve("111111111111", "us-east-1", "fn", null).function();
  }

  private FunctionConfiguration create(Consumer<CreateFunctionRequest.Builder> settings) {
    world.call(l -> l.createFunction(World.usual("fn").andThen(settings)));
    world.settle();
    return world.configuration("fn");
  }

  private FunctionConfiguration update(
      Consumer<UpdateFunctionConfigurationRequest.Builder> settings) {
    world.call(l ->
        l.updateFunctionConfiguration(r -> {
          r.functionName("fn");
          settings.accept(r);
        }));
    world.settle();
    return world.configuration("fn");
  }
}
