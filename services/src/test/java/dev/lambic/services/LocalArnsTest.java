package dev.lambic.services;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lambic.wire.Caller;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** The ARNs of tables and streams are those of the caller's region, and items stay as they are. */
final class LocalArnsTest {
  private static final Caller CALLER = Caller.ofAccount("123456789012", "eu-west-1");
  private static final String LOCAL = "arn:aws:dynamodb:ddblocal:000000000000:table/t";
  private static final String ARN = "arn:aws:dynamodb:eu-west-1:123456789012:table/t";

  private static String asked(String request) {
    byte[] bytes = LocalArns.asked(request.getBytes(StandardCharsets.UTF_8));
    return new String(bytes, StandardCharsets.UTF_8);
  }

  private static String answered(String answer) {
    byte[] bytes = LocalArns.answered(answer.getBytes(StandardCharsets.UTF_8), CALLER);
    return new String(bytes, StandardCharsets.UTF_8);
  }

  @Test
  void membersGetTheCallersRegionAndAccount() {
    String form =
        "{\"TableArn\":\"%1$s\",\"LatestStreamArn\" : \"%1$s/stream/1\","
            + "\"Indexes\":[{\"IndexArn\":\"%1$s/index/ü\"}],\"awsRegion\":\"%2$s\"}";
    assertThat(answered(form.formatted(LOCAL, "ddblocal")))
        .isEqualTo(form.formatted(ARN, "eu-west-1"));
    assertThat(answered("{\"message\":\"Stream: " + LOCAL + " not found\"}"))
        .isEqualTo("{\"message\":\"Stream: " + ARN + " not found\"}");
  }

  @Test
  void requestsNameTheDatabasesOwn() {
    assertThat(asked("{\"StreamArn\": \"" + ARN + "/stream/1\"}"))
        .isEqualTo("{\"StreamArn\": \"" + LOCAL + "/stream/1\"}");
  }

  @Test
  void itemsStayAsTheyAre() {
    for (String arn : new String[] {LOCAL, ARN}) {
      String item =
          "{\"Item\":{\"TableArn\":{\"S\":\""
              + arn
              + "\"},\"text\":{\"S\":\"{\\\"TableArn\\\":\\\""
              + arn
              + "\\\",\\\"awsRegion\\\":\\\"ddblocal\\\"}\"}}}";
      assertThat(asked(item)).isEqualTo(item);
      assertThat(answered(item)).isEqualTo(item);
    }
  }
}
