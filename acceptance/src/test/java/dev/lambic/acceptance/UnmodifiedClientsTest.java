package dev.lambic.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * The AWS CLI, boto3 and the SDK for JavaScript as their users have them, with only the endpoint
 * set.
 */
class UnmodifiedClientsTest {
  @RegisterExtension static final SharedLambic LAMBIC = new SharedLambic();

  private void succeeds(Script script, Path directory) {
    Script.Ended ended = script.run(directory);
    assertThat(ended.code()).as(ended.output()).isZero();
    assertThat(ended.output()).endsWith("all went well\n");
  }

  @Test
  void boto3DoesAllOfIt(@TempDir Path directory) {
    succeeds(Script.python(LAMBIC.server().address(), Places.script("use_boto3.py")), directory);
  }

  @Test
  void boto3KnowsRolesAndIdentities(@TempDir Path directory) {
    succeeds(Script.python(LAMBIC.server().address(), Places.script("use_identity.py")), directory);
  }

  @Test
  void theAwsCliDoesAllOfIt(@TempDir Path directory) {
    succeeds(
        Script.withAwsCli(LAMBIC.server().address(), Places.script("use_aws_cli.sh")), directory);
  }

  @Test
  void theSdkForJavaScriptDoesAllOfIt(@TempDir Path directory) throws IOException {
    Path first = directory.resolve("first.zip");
    Path second = directory.resolve("second.zip");
    Files.write(first, nodePackage("({ first: event })"));
    Files.write(second, nodePackage("({ second: event })"));
    succeeds(Script.javaScript(LAMBIC.server().address(), "use_sdk.cjs", first, second), directory);
  }

  private static byte[] nodePackage(String answer) {
    return Zip.of("app.mjs", "export const handler = async (event) => " + answer + ";\n");
  }

  @Test
  void theQuickStartWorksAsItIsPrinted(@TempDir Path directory) throws IOException {
    String readme = Zip.read(Places.root().resolve("README.md"));
    String shell = block(readme, "sh", "export AWS_ENDPOINT_URL");
    String python = block(readme, "python", "import boto3");
    Path script = directory.resolve("quick-start.sh");
    String endpoint = LAMBIC.server().address().toString();
    Files.writeString(
        script,
        "set -e\n" + shell.replace("http://127.0.0.1:4566", endpoint) + "\ncat answer.json\n");
    Script.Ended cli = Script.withAwsCli(LAMBIC.server().address(), script).run(directory);
    assertThat(cli.code()).as(cli.output()).isZero();
    assertThat(Files.readString(directory.resolve("answer.json"))).contains("\"hello\": \"world\"");
    Path client = directory.resolve("client.py");
    Files.writeString(client, python.replace("http://127.0.0.1:4566", endpoint));
    Script.Ended boto3 = Script.python(LAMBIC.server().address(), client).run(directory);
    assertThat(boto3.code()).as(boto3.output()).isZero();
    assertThat(boto3.output()).contains("'hello': 'world'");
  }

  @Test
  void theOrderExampleWorksAsItIsPrinted(@TempDir Path directory) throws IOException {
    Path example = Places.root().resolve("examples/orders");
    Path script = directory.resolve("orders.sh");
    Files.writeString(
        script,
        "set -e\n"
            + block(Zip.read(example.resolve("README.md")), "sh", "export AWS_ENDPOINT_URL")
                .replace("http://127.0.0.1:4566", LAMBIC.server().address().toString())
                .replace("/tmp/", directory + "/"));
    Script.Ended ended = Script.withAwsCli(LAMBIC.server().address(), script).run(example);
    assertThat(ended.code()).as(ended.output()).isZero();
    assertThat(Files.readString(directory.resolve("answer.json"))).contains("\"statusCode\": 200");
  }

  /** The fenced block of a language that contains a text. */
  private static String block(String markdown, String language, String text) {
    Matcher matcher =
        Pattern.compile("```" + language + "\n(.*?)```", Pattern.DOTALL).matcher(markdown);
    while (matcher.find()) {
      if (matcher.group(1).contains(text)) {
        return matcher.group(1);
      }
    }
    throw new AssertionError("no block with " + text);
  }
}
