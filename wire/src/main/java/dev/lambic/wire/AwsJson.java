package dev.lambic.wire;

import dev.lambic.http.Headers;
import dev.lambic.http.HttpRequest;
import java.util.Objects;
import software.amazon.awssdk.core.SdkPojo;
import software.amazon.awssdk.core.SdkRequest;

/** awsJson 1.0 and 1.1: everything is in the body, and the operation in a header. */
final class AwsJson implements Protocol {
  private static final JsonReader READER = new JsonReader(JsonReader.Keys.WIRE);

  @Override
  public SdkRequest read(RouteTable.Match match, HttpRequest request) {
    SdkPojo builder = match.operation().newRequest().get();
    READER.read(request.body(), builder);
    return (SdkRequest) SdkBinding.build(builder);
  }

  @Override
  public Answer write(SdkPojo response, int status, HttpRequest request, Headers headers) {
    String type = request.headers().get("Content-Type");
    headers.add("Content-Type", Objects.requireNonNullElse(type, "application/x-amz-json-1.0"));
    return new Answer(status, headers, JsonWriter.write(response, JsonReader.Keys.WIRE));
  }
}
