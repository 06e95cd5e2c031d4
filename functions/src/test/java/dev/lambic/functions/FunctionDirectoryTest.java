package dev.lambic.functions;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.lambic.wire.Caller;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.services.lambda.model.LambdaException;

/** What invocations find, and what listeners hear. */
class FunctionDirectoryTest {
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
  void theInvokedArnIsAsTheCallerAsked() {
    world.call(l -> l.createFunction(World.usual("fn").andThen(r -> r.publish(true))));
    world.settle();
    assertThat(resolve("fn", null).invokedArn()).isEqualTo(World.ARN + "fn");
    assertThat(resolve("fn", "$LATEST").invokedArn()).isEqualTo(World.ARN + "fn:$LATEST");
    assertThat(resolve(World.ARN + "fn", null).function().version()).isEqualTo("$LATEST");
    Resolved first = resolve("111111111111:function:fn:1", "1");
    assertThat(first.invokedArn()).isEqualTo(World.ARN + "fn:1");
    assertThat(first.function().version()).isEqualTo("1");
    assertThat(first.function().arn()).isEqualTo(World.ARN + "fn:1");
  }

  @Test
  void whatIsNotThereIsNamedWithItsQualifier() {
    world.create("fn");
    String prefix = "404 ResourceNotFoundException: Function not found: " + World.ARN;
    assertThat(error("missing", null)).isEqualTo(prefix + "missing:$LATEST");
    assertThat(error("fn", "1221")).isEqualTo(prefix + "fn:1221");
    assertThat(error("fn", "01")).isEqualTo(prefix + "fn:01");
    assertThat(error("fn", "alias")).isEqualTo(prefix + "fn:alias");
    assertThat(error("fn", "$latest")).isEqualTo(prefix + "fn:$latest");
    assertThat(error("arn:aws:lambda:us-east-1:111111111111:function", null))
        .isEqualTo(prefix + "function:$LATEST");
    assertThat(error("fn", "9".repeat(100))).isEqualTo(prefix + "fn:" + "9".repeat(100));
  }

  @Test
  void wrongNamesGiveLambdasErrors() {
    assertThat(error("fn:1", "2"))
        .isEqualTo(
            "400 InvalidParameterValueException: The derived qualifier from the function name does"
                + " not match the specified qualifier.");
    assertThat(error("arn:aws:lambda:eu-west-1:111111111111:function:fn", null))
        .isEqualTo(
            "404 ResourceNotFoundException: Functions from 'eu-west-1' are not reachable in this"
                + " region ('us-east-1')");
    assertThat(error("arn:aws:lambda:us-east-1:123400000000@function:myfn", null))
        .isEqualTo(
            "400 ValidationException: 1 validation error detected: Value"
                + " 'arn:aws:lambda:us-east-1:123400000000@function:myfn' at 'functionName' failed"
                + " to satisfy constraint: Member must satisfy regular expression pattern:"
                + " (arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?"
                + "-[a-z]+-\\d{1}:)?(\\d{12}:)?(function:)?([a-zA-Z0-9-_\\.]+)"
                + "(:(\\$LATEST(\\.PUBLISHED)?|[a-zA-Z0-9-_]+))?");
    assertThat(error("fn", "invalid!"))
        .isEqualTo(
            "400 ValidationException: 1 validation error detected: Value 'invalid!' at 'qualifier'"
                + " failed to satisfy constraint: Member must satisfy regular expression pattern:"
                + " \\$(LATEST(\\.PUBLISHED)?)|[a-zA-Z0-9-_$]+");
  }

  @Test
  void functionsOfOtherAccountsAreOutOfReach() {
    world.call(
        Caller.ofAccount("222222222222", "us-east-1"), l -> l.createFunction(World.usual("fn")));
    world.settle();
    assertThat(error("222222222222:function:fn", null))
        .isEqualTo(
            "403 AccessDeniedException: User: arn:aws:iam::111111111111:root is not authorized to"
                + " perform: lambda:InvokeFunction on resource:"
                + " arn:aws:lambda:us-east-1:222222222222:function:fn because no resource-based"
                + " policy allows the lambda:InvokeFunction action");
  }

  @Test
  void aPendingFunctionCannotRunYet() {
    world.call(l -> l.createFunction(World.usual("fn")));
    assertThat(error("fn", null))
        .isEqualTo(
            "409 ResourceConflictException: The operation cannot be performed at this time. The"
                + " function is currently in the following state: Pending");
  }

  @Test
  void theCodeIsUnpackedWhereTheLeaseSays() throws Exception {
    world.create("fn");
    String codeId = resolve("fn", null).function().codeId();
    try (CodeStore.Lease lease = world.service().code().acquire(codeId)) {
      assertThat(lease.directory().resolve("index.py")).content().contains("return 'hello'");
    }
  }

  @Test
  void listenersHearOfEveryVersionThatRuns() {
    List<String> heard = new ArrayList<>();
    world
        .service()
        .listen(
            new FunctionListener() {
              @Override
              public void updated(FunctionVersion now) {
                heard.add("updated " + now.functionName() + ":" + now.version());
              }

              @Override
              public void deleted(FunctionVersion was) {
                heard.add("deleted " + was.functionName() + ":" + was.version());
              }
            });
    world.call(l -> l.createFunction(World.usual("fn").andThen(r -> r.publish(true))));
    assertThat(heard).isEmpty();
    world.settle();
    assertThat(heard).containsExactlyInAnyOrder("updated fn:$LATEST", "updated fn:1");
    heard.clear();
    world.call(l -> l.updateFunctionConfiguration(r -> r.functionName("fn").timeout(5)));
    assertThat(heard).isEmpty();
    world.settle();
    assertThat(heard).containsExactly("updated fn:$LATEST");
    heard.clear();
    world.call(l -> l.tagResource(r -> r.resource(World.ARN + "fn").tags(Map.of("a", "b"))));
    assertThat(heard).isEmpty();
    world.call(l -> l.deleteFunction(r -> r.functionName("fn")));
    assertThat(heard).containsExactlyInAnyOrder("deleted fn:$LATEST", "deleted fn:1");
  }

  private Resolved resolve(String name, @Nullable String qualifier) {
    return world.service().directory().resolve("111111111111", "us-east-1", name, qualifier);
  }

  private String error(String name, @Nullable String qualifier) {
    LambdaException error =
        catchThrowableOfType(LambdaException.class, () -> resolve(name, qualifier));
    return error.statusCode()
        + " "
        + error.awsErrorDetails().errorCode()
        + ": "
        + error.awsErrorDetails().errorMessage();
  }
}
