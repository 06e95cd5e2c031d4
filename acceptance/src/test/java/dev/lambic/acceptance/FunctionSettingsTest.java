package dev.lambic.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.lambda.LambdaClient;
import software.amazon.awssdk.services.lambda.model.GetFunctionEventInvokeConfigResponse;
import software.amazon.awssdk.services.lambda.model.GetFunctionUrlConfigResponse;
import software.amazon.awssdk.services.lambda.model.GetPolicyResponse;
import software.amazon.awssdk.services.lambda.model.LambdaException;
import software.amazon.awssdk.services.lambda.model.PolicyLengthExceededException;
import software.amazon.awssdk.services.lambda.model.RecursiveLoop;

/** Settings that are attached to functions, through AWS's clients and over a crash. */
class FunctionSettingsTest {
  @Test
  void settingsSurviveACrash(@TempDir Path directory) {
    try (RunningLambic lambic = RunningLambic.start()) {
      GetPolicyResponse policy;
      GetFunctionEventInvokeConfigResponse events;
      GetFunctionUrlConfigResponse url;
      String name;
      try (LambdaClient client = Clients.lambda(lambic.address())) {
        name = TestFunction.python(client, "settled", "probe.py").name();
        Script.Ended boto3 =
            Script.python(lambic.address(), Places.script("settings_boto3.py"), name)
                .run(directory);
        assertThat(boto3.output()).endsWith("all went well\n");
        assertThat(boto3.code()).isZero();
        client.addPermission(r ->
            r.functionName(name)
                .statementId("other")
                .action("lambda:InvokeFunction")
                .principal("222222222222"));
        client.putFunctionEventInvokeConfig(r -> r.functionName(name).maximumRetryAttempts(1));
        client.createFunctionUrlConfig(r -> r.functionName(name).authType("NONE"));
        client.putFunctionRecursionConfig(r -> r.functionName(name).recursiveLoop("Allow"));
        client.putRuntimeManagementConfig(
            r -> r.functionName(name).updateRuntimeOn("FunctionUpdate"));
        events = client.getFunctionEventInvokeConfig(r -> r.functionName(name));
        url = client.getFunctionUrlConfig(r -> r.functionName(name));
        String longArn = "arn:aws:s3:::" + "x".repeat(9_500);
        sourced(client, name, "first", longArn);
        sourced(client, name, "second", longArn);
        assertThatThrownBy(() -> sourced(client, name, "third", longArn))
            .isInstanceOf(PolicyLengthExceededException.class);
        client.removePermission(r -> r.functionName(name).statementId("second"));
        client.removePermission(r -> r.functionName(name).statementId("first"));
        policy = client.getPolicy(r -> r.functionName(name));
      }
      lambic.killHard();
      lambic.launch();
      try (LambdaClient client = Clients.lambda(lambic.address());
          LambdaClient other = Clients.lambda(lambic.address(), "222222222222", "x");
          LambdaClient stranger = Clients.lambda(lambic.address(), "333333333333", "x")) {
        GetPolicyResponse kept = client.getPolicy(r -> r.functionName(name));
        assertThat(kept.policy()).isEqualTo(policy.policy());
        assertThat(kept.revisionId()).isEqualTo(policy.revisionId());
        assertThat(client.getFunctionEventInvokeConfig(r -> r.functionName(name)).lastModified())
            .isEqualTo(events.lastModified());
        assertThat(client.getFunctionUrlConfig(r -> r.functionName(name)).authType())
            .isEqualTo(url.authType());
        assertThat(client.getFunctionRecursionConfig(r -> r.functionName(name)).recursiveLoop())
            .isEqualTo(RecursiveLoop.ALLOW);
        assertThat(
                client
                    .getRuntimeManagementConfig(r -> r.functionName(name))
                    .updateRuntimeOnAsString())
            .isEqualTo("FunctionUpdate");
        SdkBytes event = SdkBytes.fromUtf8String("{\"do\":\"echo\"}");
        assertThat(
                other
                    .invoke(r -> r.functionName(Clients.arn(name)).payload(event))
                    .payload()
                    .asUtf8String())
            .isEqualTo("{\"do\": \"echo\"}");
        assertThatThrownBy(
                () -> stranger.invoke(r -> r.functionName(Clients.arn(name)).payload(event)))
            .isInstanceOfSatisfying(
                LambdaException.class,
                e ->
                    assertThat(e.awsErrorDetails().errorCode()).isEqualTo("AccessDeniedException"));
      }
    }
  }

  private static void sourced(LambdaClient client, String name, String id, String source) {
    client.addPermission(r ->
        r.functionName(name)
            .statementId(id)
            .action("lambda:InvokeFunction")
            .principal("s3.amazonaws.com")
            .sourceArn(source));
  }
}
