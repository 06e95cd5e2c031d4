package dev.lambic.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URI;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import software.amazon.awssdk.http.SdkHttpMethod;
import software.amazon.awssdk.services.lambda.LambdaClient;
import software.amazon.awssdk.services.lambda.model.FunctionUrlAuthType;
import software.amazon.awssdk.services.lambda.model.InvokeMode;

/** Functions by their URLs. */
class FunctionUrlTest {
  private static final String FORBIDDEN = "{\"Message\":\"Forbidden\"}";

  @RegisterExtension static final SharedLambic LAMBIC = new SharedLambic();

  @Test
  void everybodyReachesAPublicFunction() throws IOException {
    String name = TestFunction.python(LAMBIC.lambda(), "public", "web.py").name();
    URI url = url(name, FunctionUrlAuthType.NONE, InvokeMode.BUFFERED);
    UrlCall closed = call("GET", url, "");
    assertThat(closed.status()).isEqualTo(403);
    assertThat(closed.body()).isEqualTo(FORBIDDEN);
    permit(name, "*", FunctionUrlAuthType.NONE);
    UrlCall answer =
        UrlCall.send(
            LAMBIC.server().address(),
            "POST",
            url.resolve("/a/b?x=1&x=2"),
            List.of("Content-Type", "application/json", "Cookie", "k=v", "X-My", "own"),
            "{\"asked\":true}");
    assertThat(answer.status()).isEqualTo(201);
    assertThat(answer.header("Set-Cookie")).containsExactly("a=1; Secure", "b=2");
    assertThat(answer.header("X-Arn")).containsExactly(Clients.arn(name));
    JsonNode event = Invoked.parse(answer.body());
    assertThat(event.path("rawPath").asText()).isEqualTo("/a/b");
    assertThat(event.path("queryStringParameters").path("x").asText()).isEqualTo("1,2");
    assertThat(event.path("headers").path("x-my").asText()).isEqualTo("own");
    assertThat(event.path("cookies").toString()).isEqualTo("[\"k=v\"]");
    assertThat(event.path("body").asText()).isEqualTo("{\"asked\":true}");
    assertThat(event.path("requestContext").path("domainName").asText()).isEqualTo(url.getHost());
    assertThat(call("GET", url.resolve("/plain"), "").body()).isEqualTo("{\"hello\": \"world\"}");
    assertThat(call("GET", url.resolve("/text"), "").body()).isEqualTo("just text");
    UrlCall binary = call("GET", url.resolve("/binary"), "");
    assertThat(binary.body()).isEqualTo("\0\1\2");
    assertThat(binary.header("Content-Type")).containsExactly("image/png");
    assertThat(call("GET", url.resolve("/fail"), "").status()).isEqualTo(502);
    UrlCall head = call("HEAD", url.resolve("/plain"), "");
    assertThat(head.status()).isEqualTo(200);
    assertThat(head.body()).isEmpty();
    LAMBIC.lambda().deleteFunction(r -> r.functionName(name));
    assertThat(call("GET", url, "").status()).isEqualTo(404);
  }

  @Test
  void aPrivateFunctionWantsSignaturesOfItsAccountOrOfWhomItPermits() throws IOException {
    String name = TestFunction.python(LAMBIC.lambda(), "private", "web.py").name();
    URI url = url(name, FunctionUrlAuthType.AWS_IAM, InvokeMode.BUFFERED);
    assertThat(call("GET", url, "").body()).isEqualTo(FORBIDDEN);
    UrlCall answer = signed(url.resolve("/signed?b=2&a=1"), "test");
    assertThat(answer.status()).isEqualTo(201);
    JsonNode context = Invoked.parse(answer.body()).path("requestContext");
    assertThat(context.path("accountId").asText()).isEqualTo(Clients.ACCOUNT);
    assertThat(context.path("authorizer").path("iam").path("accessKey").asText()).isEqualTo("test");
    assertThat(signed(url, "222222222222").body()).isEqualTo(FORBIDDEN);
    permit(name, "222222222222", FunctionUrlAuthType.AWS_IAM);
    assertThat(signed(url, "222222222222").status()).isEqualTo(201);
    assertThat(signed(url, "333333333333").status()).isEqualTo(403);
  }

  @Test
  void anAliasHasItsOwnAddress() throws IOException {
    LambdaClient client = LAMBIC.lambda();
    String name = TestFunction.python(client, "aliased", "web.py").name();
    client.publishVersion(r -> r.functionName(name));
    client.createAlias(r -> r.functionName(name).name("live").functionVersion("1"));
    URI url =
        URI.create(
            client
                .createFunctionUrlConfig(r ->
                    r.functionName(name).qualifier("live").authType(FunctionUrlAuthType.AWS_IAM))
                .functionUrl());
    UrlCall answer = signed(url, "test");
    assertThat(answer.status()).isEqualTo(201);
    assertThat(answer.header("X-Arn")).containsExactly(Clients.arn(name) + ":live");
    client.deleteAlias(r -> r.functionName(name).name("live"));
    assertThat(signed(url, "test").status()).isEqualTo(404);
  }

  @Test
  void aStreamedAnswerHasItsOwnStatusAndHeaders() throws IOException {
    String name = TestFunction.node(LAMBIC.lambda(), "streaming", "web.mjs", settings -> {}).name();
    URI url = url(name, FunctionUrlAuthType.NONE, InvokeMode.RESPONSE_STREAM);
    permit(name, "*", FunctionUrlAuthType.NONE);
    UrlCall answer = call("GET", url.resolve("/stream"), "");
    assertThat(answer.status()).isEqualTo(202);
    assertThat(answer.header("X-Path")).containsExactly("/stream");
    assertThat(answer.header("Set-Cookie")).containsExactly("c=3");
    assertThat(answer.header("Content-Type")).containsExactly("text/plain");
    assertThat(answer.body()).isEqualTo("onetwothree");
  }

  private static URI url(String function, FunctionUrlAuthType type, InvokeMode mode) {
    return URI.create(
        LAMBIC
            .lambda()
            .createFunctionUrlConfig(r -> r.functionName(function).authType(type).invokeMode(mode))
            .functionUrl());
  }

  private static void permit(String function, String principal, FunctionUrlAuthType type) {
    LAMBIC
        .lambda()
        .addPermission(r ->
            r.functionName(function)
                .statementId("url")
                .action("lambda:InvokeFunctionUrl")
                .principal(principal)
                .functionUrlAuthType(type));
  }

  private static UrlCall call(String method, URI url, String body) throws IOException {
    return UrlCall.send(LAMBIC.server().address(), method, url, List.of(), body);
  }

  private static UrlCall signed(URI url, String accessKeyId) throws IOException {
    SignedRequest request =
        SignedRequest.of(
            SdkHttpMethod.GET, url, "", SignedRequest.How.plain(accessKeyId, "secret"));
    return UrlCall.send(LAMBIC.server().address(), "GET", url, request.headers(), "");
  }
}
