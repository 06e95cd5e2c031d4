package dev.lambic.functions;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.services.lambda.model.CreateFunctionUrlConfigResponse;
import software.amazon.awssdk.services.lambda.model.FunctionUrlAuthType;
import software.amazon.awssdk.services.lambda.model.GetFunctionUrlConfigResponse;
import software.amazon.awssdk.services.lambda.model.InvokeMode;
import software.amazon.awssdk.services.lambda.model.ListFunctionUrlConfigsResponse;

/** The configuration of function URLs. */
class UrlConfigTest {
  private static final String ABSENT =
      "404 ResourceNotFoundException: The resource you requested does not exist.";
  private static final String NO_FUNCTION =
      "404 ResourceNotFoundException: Function does not exist";

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
  void aUrlIsMadeChangedAndRemoved() {
    world.create("fn");
    CreateFunctionUrlConfigResponse made =
        world.call(l -> l.createFunctionUrlConfig(r -> r.functionName("fn").authType("NONE")));
    assertThat(made.functionUrl())
        .matches("http://[a-z2-7]{32}\\.lambda-url\\.us-east-1\\.localhost:4566/");
    assertThat(made.functionArn()).isEqualTo(World.ARN + "fn");
    assertThat(made.invokeMode()).isEqualTo(InvokeMode.BUFFERED);
    assertThat(made.cors()).isNull();
    assertThat(made.creationTime()).matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?Z");
    world.clock.advance(Duration.ofSeconds(5));
    world.call(l ->
        l.updateFunctionUrlConfig(r ->
            r.functionName(World.ARN + "fn")
                .authType("AWS_IAM")
                .cors(c -> c.allowOrigins("*").maxAge(60))));
    world.restart();
    GetFunctionUrlConfigResponse kept = get();
    assertThat(kept.functionUrl()).isEqualTo(made.functionUrl());
    assertThat(kept.authType()).isEqualTo(FunctionUrlAuthType.AWS_IAM);
    assertThat(kept.cors().allowOrigins()).containsExactly("*");
    assertThat(kept.invokeMode()).isEqualTo(InvokeMode.BUFFERED);
    assertThat(kept.creationTime()).isEqualTo(made.creationTime());
    assertThat(kept.lastModifiedTime()).isGreaterThan(made.creationTime());
    world.call(l -> l.updateFunctionUrlConfig(r -> r.functionName("fn").cors(c -> {})));
    assertThat(get().cors()).isNull();
    assertThat(get().authType()).isEqualTo(FunctionUrlAuthType.AWS_IAM);
    world.call(l -> l.deleteFunctionUrlConfig(r -> r.functionName("fn")));
    assertThat(world.error(l -> l.getFunctionUrlConfig(r -> r.functionName("fn"))))
        .isEqualTo(ABSENT);
  }

  @Test
  void theSameFunctionHasTheSameUrlAgain() {
    world.create("fn");
    String url = create();
    world.call(l -> l.deleteFunction(r -> r.functionName("fn")));
    world.create("fn");
    assertThat(world.error(l -> l.getFunctionUrlConfig(r -> r.functionName("fn"))))
        .isEqualTo(ABSENT);
    assertThat(create()).isEqualTo(url);
  }

  @Test
  void aliasesHaveUrlsOfTheirOwnInPages() {
    world.call(l ->
        l.createFunction(r -> {
          World.usual("fn").accept(r);
          r.publish(true);
        }));
    world.settle();
    String own = create();
    for (String alias : List.of("a", "b")) {
      world.call(l -> l.createAlias(r -> r.functionName("fn").name(alias).functionVersion("1")));
      world.call(l ->
          l.createFunctionUrlConfig(
              r -> r.functionName("fn").qualifier(alias).authType("AWS_IAM")));
    }
    List<String> arns = new ArrayList<>();
    Set<String> urls = new HashSet<>();
    String marker = null;
    do {
      String from = marker;
      ListFunctionUrlConfigsResponse page =
          world.call(
              l -> l.listFunctionUrlConfigs(r -> r.functionName("fn").maxItems(1).marker(from)));
      assertThat(page.functionUrlConfigs()).hasSize(1);
      arns.add(page.functionUrlConfigs().getFirst().functionArn());
      urls.add(page.functionUrlConfigs().getFirst().functionUrl());
      marker = page.nextMarker();
    } while (marker != null);
    assertThat(arns).containsExactly(World.ARN + "fn", World.ARN + "fn:a", World.ARN + "fn:b");
    assertThat(urls).hasSize(3).contains(own);
    String url =
        world
            .call(l -> l.getFunctionUrlConfig(r -> r.functionName("fn").qualifier("a")))
            .functionUrl();
    String id = URI.create(url).getHost().split("\\.", 2)[0];
    assertThat(Objects.requireNonNull(world.service().urls().find(id)).alias()).isEqualTo("a");
    world.call(l -> l.deleteAlias(r -> r.functionName("fn").name("a")));
    assertThat(world.service().urls().find(id)).isNull();
    assertThat(world.error(l -> l.getFunctionUrlConfig(r -> r.functionName("fn").qualifier("a"))))
        .isEqualTo(ABSENT);
  }

  @Test
  void whatCannotBeIsRefused() {
    world.create("fn");
    create();
    assertThat(
            world.error(l -> l.createFunctionUrlConfig(r -> r.functionName("fn").authType("NONE"))))
        .isEqualTo(
            "409 ResourceConflictException: Failed to create function url config for [functionArn ="
                + " "
                + World.ARN
                + "fn]. Error message:  FunctionUrlConfig exists for this Lambda function");
    assertThat(
            world.error(
                l -> l.createFunctionUrlConfig(r -> r.functionName("none").authType("NONE"))))
        .isEqualTo(NO_FUNCTION);
    assertThat(
            world.error(l ->
                l.createFunctionUrlConfig(
                    r -> r.functionName("fn").qualifier("alias").authType("NONE"))))
        .isEqualTo(NO_FUNCTION);
    assertThat(world.error(l -> l.getFunctionUrlConfig(r -> r.functionName("none"))))
        .isEqualTo(ABSENT);
    assertThat(world.error(l -> l.deleteFunctionUrlConfig(r -> r.functionName("none"))))
        .isEqualTo(ABSENT);
    assertThat(world.error(l -> l.updateFunctionUrlConfig(r -> r.functionName("none"))))
        .isEqualTo(NO_FUNCTION);
    assertThat(world.error(l -> l.listFunctionUrlConfigs(r -> r.functionName("none"))))
        .isEqualTo(NO_FUNCTION);
    assertThat(
            world.error(l ->
                l.getFunctionUrlConfig(
                    r -> r.functionName("arn:aws:lambda:eu-west-1:111111111111:function:none"))))
        .isEqualTo(
            "404 ResourceNotFoundException: Functions from 'eu-west-1' are not reachable in this"
                + " region ('us-east-1')");
    assertThat(
            world
                .call(l -> l.listFunctionUrlConfigs(r -> r.functionName("fn")))
                .functionUrlConfigs())
        .hasSize(1);
  }

  @Test
  void aFunctionIsFoundByItsUrlAsLongAsItHasIt() {
    world.create("fn");
    String id = URI.create(create()).getHost().split("\\.", 2)[0];
    UrlDirectory.Found found = Objects.requireNonNull(world.service().urls().find(id));
    assertThat(found.name()).isEqualTo("fn");
    assertThat(found.alias()).isNull();
    assertThat(found.permits(null)).isFalse();
    assertThat(found.permits(World.CALLER)).isTrue();
    permit("lambda:InvokeFunction", null);
    permit("lambda:InvokeFunctionUrl", "AWS_IAM");
    assertThat(permits(id)).isFalse();
    permit("lambda:InvokeFunctionUrl", "NONE");
    assertThat(permits(id)).isTrue();
    world.restart();
    assertThat(permits(id)).isTrue();
    world.call(l -> l.deleteFunctionUrlConfig(r -> r.functionName("fn")));
    assertThat(world.service().urls().find(id)).isNull();
    create();
    assertThat(permits(id)).isTrue();
    world.call(l -> l.deleteFunction(r -> r.functionName("fn")));
    assertThat(world.service().urls().find(id)).isNull();
  }

  private boolean permits(String id) {
    return Objects.requireNonNull(world.service().urls().find(id)).permits(null);
  }

  private void permit(String action, @Nullable String type) {
    world.call(l ->
        l.addPermission(r ->
            r.functionName("fn")
                .statementId(action.substring(7) + type)
                .action(action)
                .principal("*")
                .functionUrlAuthType(type)));
  }

  private GetFunctionUrlConfigResponse get() {
    return world.call(l -> l.getFunctionUrlConfig(r -> r.functionName("fn")));
  }

  private String create() {
    return world
        .call(l -> l.createFunctionUrlConfig(r -> r.functionName("fn").authType("NONE")))
        .functionUrl();
  }
}
