package dev.lambic.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lambic.http.Headers;
import dev.lambic.kernel.LambicException;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.core.SdkRequest;
import software.amazon.awssdk.services.lambda.LambdaClient;
import software.amazon.awssdk.services.lambda.model.InvokeResponse;
import software.amazon.awssdk.services.lambda.model.ListFunctionsRequest;
import software.amazon.awssdk.services.lambda.model.UntagResourceRequest;

/** What the SDK's client never sends. */
final class RestJsonTest {
  private static final RouteTable LAMBDA =
      new RouteTable(SdkBinding.operations(LambdaClient.class));
  private static final RestJson PROTOCOL = new RestJson();

  private static SdkRequest read(String method, String target) {
    RouteTable.Match match = Objects.requireNonNull(LAMBDA.match(method, target));
    return PROTOCOL.read(match, Recorder.request(method, target, Headers.empty(), ""));
  }

  @Test
  void parametersAreConverted() {
    assertThat(read("GET", "/2015-03-31/functions?MaxItems=5&Marker=a%2Bb+c&Unknown=1&Master"))
        .isEqualTo(ListFunctionsRequest.builder().maxItems(5).marker("a+b c").build());
    assertThat(read("DELETE", "/2017-03-31/tags/r?tagKeys=a&tagKeys=b"))
        .isEqualTo(UntagResourceRequest.builder().resource("r").tagKeys("a", "b").build());
    assertThat(((UntagResourceRequest) read("DELETE", "/2017-03-31/tags/r")).hasTagKeys())
        .isFalse();
  }

  @Test
  void aParameterThatIsNoNumberIsRefused() {
    for (String text : new String[] {"ten", "", "1.5", "99999999999"}) {
      assertThatThrownBy(() -> read("GET", "/2015-03-31/functions?MaxItems=" + text))
          .isInstanceOfSatisfying(
              LambicException.class, e -> assertThat(e.code()).isEqualTo("SerializationException"))
          .hasMessage("STRING_VALUE can not be converted to an Integer");
    }
  }

  @Test
  void aBodyIsNoBodyWhereTheOperationHasNone() {
    RouteTable.Match match = Objects.requireNonNull(LAMBDA.match("GET", "/2015-03-31/functions"));
    assertThat(
            PROTOCOL.read(
                match,
                Recorder.request("GET", "/2015-03-31/functions", Headers.empty(), "not json")))
        .isEqualTo(ListFunctionsRequest.builder().build());
  }

  @Test
  void aHeaderCannotBeSplitByItsValue() {
    InvokeResponse response = InvokeResponse.builder().functionError("a\r\nX-Evil: 1").build();
    Answer answer =
        PROTOCOL.write(
            response, 200, Recorder.request("POST", "/", Headers.empty(), ""), Headers.empty());
    assertThat(Recorder.header(answer, "X-Amz-Function-Error")).isEqualTo("a  X-Evil: 1");
  }
}
