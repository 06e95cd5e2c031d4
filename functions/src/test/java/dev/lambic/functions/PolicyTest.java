package dev.lambic.functions;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lambic.wire.Caller;
import java.nio.file.Path;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.services.lambda.model.AddPermissionRequest;

/** Resource policies of functions: their text, their errors, and whom they let in. */
class PolicyTest {
  private static final String HEAD =
      "{\"Version\":\"2012-10-17\",\"Id\":\"default\",\"Statement\":[";
  private static final Caller OTHER = Caller.ofAccount("222222222222", "us-east-1");

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
  void aServiceMayBeLetInForOneOfItsResources() {
    world.create("fn");
    String statement =
        add(
            "fn",
            "s3",
            "s3.amazonaws.com",
            r -> r.sourceArn("arn:aws:s3:::bucket").sourceAccount("111111111111"));
    assertThat(statement)
        .isEqualTo(
            "{\"Sid\":\"s3\",\"Effect\":\"Allow\",\"Principal\":{\"Service\":\"s3.amazonaws.com\"},"
                + "\"Action\":\"lambda:InvokeFunction\",\"Resource\":\""
                + World.ARN
                + "fn\",\"Condition\":{\"StringEquals\":{\"AWS:SourceAccount\":\"111111111111\"},"
                + "\"ArnLike\":{\"AWS:SourceArn\":\"arn:aws:s3:::bucket\"}}}");
    assertThat(policy("fn")).isEqualTo(HEAD + statement + "]}");
    String revision =
        world.call(l -> l.getPolicy(r -> r.functionName(World.ARN + "fn"))).revisionId();
    assertThat(revision).isEqualTo(world.configuration("fn").revisionId());
  }

  @Test
  void principalsAreWrittenAsIamWritesThem() {
    world.create("fn");
    assertThat(add("fn", "a", "*", r -> {})).contains("\"Principal\":\"*\",");
    assertThat(add("fn", "b", "222222222222", r -> {}))
        .contains("\"Principal\":{\"AWS\":\"arn:aws:iam::222222222222:root\"},");
    assertThat(add("fn", "c", "arn:aws:iam::222222222222:role/deep/er", r -> {}))
        .contains("\"Principal\":{\"AWS\":\"arn:aws:iam::222222222222:role/deep/er\"},");
    assertThat(add("fn", "d", "alexa-appkit.amazon.com", r -> r.eventSourceToken("amzn1.ask")))
        .contains("\"Service\":\"alexa-appkit.amazon.com\"")
        .endsWith("\"Condition\":{\"StringEquals\":{\"lambda:EventSourceToken\":\"amzn1.ask\"}}}");
    assertThat(add("fn", "e", "*", r -> r.principalOrgID("o-1234567890")))
        .endsWith("\"Condition\":{\"StringEquals\":{\"aws:PrincipalOrgID\":\"o-1234567890\"}}}");
    assertThat(
            add(
                "fn",
                "f",
                "*",
                r -> r.action("lambda:InvokeFunctionUrl").functionUrlAuthType("NONE")))
        .endsWith("\"Condition\":{\"StringEquals\":{\"lambda:FunctionUrlAuthType\":\"NONE\"}}}");
    assertThat(add("fn", "g", "*", r -> r.invokedViaFunctionUrl(true)))
        .endsWith("\"Condition\":{\"Bool\":{\"lambda:InvokedViaFunctionUrl\":\"true\"}}}");
    assertThat(add("fn", "h", "events.amazonaws.com", r -> r.sourceArn("arn:aws:events:::\"\\")))
        .contains("{\"AWS:SourceArn\":\"arn:aws:events:::\\\"\\\\\"}");
  }

  @Test
  void policiesAreRemovedStatementByStatementAndSurviveARestart() {
    world.create("fn");
    String first = add("fn", "first", "222222222222", r -> {});
    String second = add("fn", "second", "333333333333", r -> {});
    world.restart();
    assertThat(policy("fn")).isEqualTo(HEAD + first + "," + second + "]}");
    String revision = world.configuration("fn").revisionId();
    remove("fn", "first", null);
    assertThat(policy("fn")).isEqualTo(HEAD + second + "]}");
    assertThat(world.configuration("fn").revisionId()).isNotEqualTo(revision);
    remove("fn", "second", world.configuration("fn").revisionId());
    assertThat(world.error(l -> l.getPolicy(r -> r.functionName("fn"))))
        .isEqualTo("404 ResourceNotFoundException: The resource you requested does not exist.");
    world.restart();
    assertThat(world.error(l -> l.removePermission(r -> r.functionName("fn").statementId("x"))))
        .isEqualTo(
            "404 ResourceNotFoundException: No policy is associated with the given resource.");
  }

  @Test
  void versionsHavePoliciesOfTheirOwn() {
    world.call(l ->
        l.createFunction(r -> {
          World.usual("fn").accept(r);
          r.publish(true);
        }));
    world.settle();
    String statement = add("fn:1", "v", "222222222222", r -> {});
    assertThat(statement).contains("\"Resource\":\"" + World.ARN + "fn:1\"");
    assertThat(world.call(l -> l.getPolicy(r -> r.functionName("fn").qualifier("1"))).policy())
        .isEqualTo(HEAD + statement + "]}");
    assertThat(world.error(l -> l.getPolicy(r -> r.functionName("fn"))))
        .isEqualTo("404 ResourceNotFoundException: The resource you requested does not exist.");
    assertThat(error("fn", "x", "*", r -> r.qualifier("$LATEST")))
        .isEqualTo(
            "400 InvalidParameterValueException: We currently do not support adding policies for"
                + " $LATEST.");
    assertThat(error("fn:1", "x", "*", r -> r.qualifier("2")))
        .isEqualTo(
            "400 InvalidParameterValueException: The derived qualifier from the function name does"
                + " not match the specified qualifier.");
    assertThat(error("fn", "x", "*", r -> r.qualifier("2")))
        .isEqualTo("404 ResourceNotFoundException: Function not found: " + World.ARN + "fn:2");
    assertThat(error("fn", "x", "*", r -> r.qualifier("none")))
        .isEqualTo(
            "404 ResourceNotFoundException: Cannot find alias arn: " + World.ARN + "fn:none");
    world.call(l -> l.deleteFunction(r -> r.functionName("fn").qualifier("1")));
    assertThat(error("fn", "x", "*", r -> r.qualifier("1")))
        .isEqualTo("404 ResourceNotFoundException: Function not found: " + World.ARN + "fn:1");
  }

  @Test
  void aliasesHavePoliciesOfTheirOwnWhichGoWithThem() {
    world.call(l ->
        l.createFunction(r -> {
          World.usual("fn").accept(r);
          r.publish(true);
        }));
    world.settle();
    String before =
        world
            .call(l -> l.createAlias(r -> r.functionName("fn").name("live").functionVersion("1")))
            .revisionId();
    String latest = world.configuration("fn").revisionId();
    String statement = add("fn", "a", "222222222222", r -> r.qualifier("live").revisionId(before));
    assertThat(statement).contains("\"Resource\":\"" + World.ARN + "fn:live\"");
    String revision =
        world.call(l -> l.getPolicy(r -> r.functionName("fn").qualifier("live"))).revisionId();
    assertThat(revision).isNotEqualTo(before);
    assertThat(world.call(l -> l.getAlias(r -> r.functionName("fn").name("live"))).revisionId())
        .isEqualTo(revision);
    assertThat(world.configuration("fn").revisionId()).isEqualTo(latest);
    assertThat(invoked(OTHER, World.ARN + "fn:live")).isEqualTo(World.ARN + "fn:live");
    assertThat(invoked(OTHER, World.ARN + "fn")).startsWith("403 ");
    assertThat(invoked(OTHER, World.ARN + "fn:1")).startsWith("403 ");
    world.call(l -> l.updateAlias(r -> r.functionName("fn").name("live").description("new")));
    world.restart();
    assertThat(policy("fn:live")).isEqualTo(HEAD + statement + "]}");
    world.call(l -> l.deleteAlias(r -> r.functionName("fn").name("live")));
    world.call(l -> l.createAlias(r -> r.functionName("fn").name("live").functionVersion("1")));
    assertThat(world.error(l -> l.getPolicy(r -> r.functionName("fn").qualifier("live"))))
        .isEqualTo("404 ResourceNotFoundException: The resource you requested does not exist.");
  }

  @Test
  void wrongRequestsAreRefusedInAwsWords() {
    world.create("fn");
    add("fn", "one", "222222222222", r -> {});
    String before = policy("fn");
    assertThat(error("fn", "one", "*", r -> {}))
        .isEqualTo(
            "409 ResourceConflictException: The statement id (one) provided already exists. Please"
                + " provide a new statement id, or remove the existing statement.");
    assertThat(error("fn", "two", "*", r -> r.revisionId("wrong")))
        .isEqualTo(
            "412 PreconditionFailedException: The Revision Id provided does not match the latest"
                + " Revision Id. Call the GetPolicy API to retrieve the latest Revision Id");
    for (String principal : new String[] {"somebody", "amazonaws.com", "x.example.com", "12345"}) {
      assertThat(error("fn", "two", principal, r -> {}))
          .isEqualTo(
              "400 InvalidParameterValueException: The provided principal was invalid. Please check"
                  + " the principal and try again.");
    }
    assertThat(error("fn", "two", "arn:aws:iam:222222222222:role/x", r -> {}))
        .isEqualTo(
            "400 InvalidParameterValueException: The provided"
                + " input'arn:aws:iam:222222222222:role/x'was invalid. Member must satisfy"
                + " expression: [\\w+=,.@-]* Please check your input and try again.");
    assertThat(error("fn", "two", "*", r -> r.functionUrlAuthType("NONE")))
        .isEqualTo(
            "400 InvalidParameterValueException: FunctionUrlAuthType is only supported for"
                + " lambda:InvokeFunctionUrl action");
    assertThat(error("none", "two", "*", r -> {}))
        .isEqualTo("404 ResourceNotFoundException: Function not found: " + World.ARN + "none");
    assertThat(world.error(l -> l.getPolicy(r -> r.functionName("none"))))
        .isEqualTo("404 ResourceNotFoundException: Function not found: " + World.ARN + "none");
    assertThat(world.error(l -> l.removePermission(r -> r.functionName("none").statementId("x"))))
        .isEqualTo("404 ResourceNotFoundException: No policy found for: " + World.ARN + "none");
    assertThat(world.error(l -> l.removePermission(r -> r.functionName("fn").statementId("two"))))
        .isEqualTo("404 ResourceNotFoundException: Statement two is not found in resource policy.");
    assertThat(
            world.error(l ->
                l.removePermission(
                    r -> r.functionName("fn").statementId("one").revisionId("wrong"))))
        .startsWith("412 PreconditionFailedException: ");
    assertThat(policy("fn")).isEqualTo(before);
  }

  @Test
  void aPolicyHasAtMost20480Characters() {
    world.create("fn");
    String longArn = "arn:aws:s3:::" + "b".repeat(5_000);
    for (int i = 0; i < 3; i++) {
      add("fn", "s" + i, "s3.amazonaws.com", r -> r.sourceArn(longArn));
    }
    int size = policy("fn").length();
    // Two statements of the same form differ only in what is put into them.
    int one = (size - HEAD.length() - 4) / 3;
    int room = FunctionPolicy.MAX_CHARS - size - 1;
    String fitting = "arn:aws:s3:::" + "b".repeat(5_000 - one + room);
    assertThat(error("fn", "s3", "s3.amazonaws.com", r -> r.sourceArn(fitting + "b")))
        .isEqualTo(
            "400 PolicyLengthExceededException: The final policy size (20481) is bigger than the"
                + " limit (20480).");
    add("fn", "s3", "s3.amazonaws.com", r -> r.sourceArn(fitting));
    assertThat(policy("fn")).hasSize(20_480);
  }

  @Test
  void anotherAccountInvokesOnlyWhatPermitsIt() {
    world.create("fn");
    assertThat(invoked(OTHER, World.ARN + "fn"))
        .isEqualTo(
            "403 User: arn:aws:iam::222222222222:root is not authorized to perform:"
                + " lambda:InvokeFunction on resource: "
                + World.ARN
                + "fn because no resource-based policy allows the lambda:InvokeFunction action");
    add("fn", "get", "222222222222", r -> r.action("lambda:GetFunction"));
    add("fn", "source", "*", r -> r.sourceArn("arn:aws:s3:::bucket"));
    add("fn", "org", "*", r -> r.principalOrgID("o-1234567890"));
    add("fn", "url", "*", r -> r.invokedViaFunctionUrl(true));
    assertThat(invoked(OTHER, World.ARN + "fn")).startsWith("403 ");
    add("fn", "other", "222222222222", r -> {});
    assertThat(invoked(OTHER, World.ARN + "fn")).isEqualTo(World.ARN + "fn");
    assertThat(invoked(OTHER, "111111111111:function:fn:$LATEST"))
        .isEqualTo(World.ARN + "fn:$LATEST");
    assertThat(invoked(Caller.ofAccount("333333333333", "us-east-1"), World.ARN + "fn"))
        .startsWith("403 ");
    remove("fn", "other", null);
    assertThat(invoked(OTHER, World.ARN + "fn")).startsWith("403 ");
    assertThat(invoked(World.CALLER, World.ARN + "fn")).isEqualTo(World.ARN + "fn");
    assertThat(invoked(OTHER, World.ARN + "none")).startsWith("403 ");
  }

  @Test
  void rolesAreLetInByNameAndEverybodyByAStar() {
    world.create("fn");
    Caller session =
        new Caller(
            "222222222222",
            "us-east-1",
            null,
            "arn:aws:sts::222222222222:assumed-role/worker/session");
    add("fn", "role", "arn:aws:iam::222222222222:role/path/worker", r -> r.action("lambda:*"));
    assertThat(invoked(session, World.ARN + "fn")).isEqualTo(World.ARN + "fn");
    assertThat(invoked(OTHER, World.ARN + "fn")).startsWith("403 ");
    add("fn", "all", "*", r -> r.action("*"));
    assertThat(invoked(OTHER, World.ARN + "fn")).isEqualTo(World.ARN + "fn");
  }

  private String invoked(Caller caller, String name) {
    try {
      return world.service().directory().resolve(caller, name, null).invokedArn();
    } catch (AwsServiceException e) {
      return e.statusCode() + " " + e.awsErrorDetails().errorMessage();
    }
  }

  private String policy(String name) {
    return world.call(l -> l.getPolicy(r -> r.functionName(name))).policy();
  }

  private static Consumer<AddPermissionRequest.Builder> request(
      String name, String id, String principal, Consumer<AddPermissionRequest.Builder> more) {
    return r -> {
      r.functionName(name).statementId(id).principal(principal).action("lambda:InvokeFunction");
      more.accept(r);
    };
  }

  private String add(
      String name, String id, String principal, Consumer<AddPermissionRequest.Builder> more) {
    return world.call(l -> l.addPermission(request(name, id, principal, more))).statement();
  }

  private String error(
      String name, String id, String principal, Consumer<AddPermissionRequest.Builder> more) {
    return world.error(l -> l.addPermission(request(name, id, principal, more)));
  }

  private void remove(String name, String id, @Nullable String revision) {
    world.call(
        l -> l.removePermission(r -> r.functionName(name).statementId(id).revisionId(revision)));
  }
}
