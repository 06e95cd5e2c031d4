package dev.lambic.acceptance;

import java.net.URI;
import java.time.Duration;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.lambda.LambdaClient;

/** AWS's own SDK as its users set it up, with only the endpoint replaced. */
final class Clients {
  static final String REGION = "us-east-1";
  static final String ACCOUNT = "000000000000";

  private Clients() {}

  /** A client with some access key. */
  static LambdaClient lambda(URI endpoint) {
    return lambda(endpoint, "test", "test");
  }

  /** A client that tries everything once, so that what goes wrong is seen. */
  static LambdaClient lambda(URI endpoint, String accessKeyId, String secret) {
    return LambdaClient.builder()
        .endpointOverride(endpoint)
        .region(Region.of(REGION))
        .credentialsProvider(
            StaticCredentialsProvider.create(AwsBasicCredentials.create(accessKeyId, secret)))
        .httpClientBuilder(
            UrlConnectionHttpClient.builder()
                .connectionTimeout(Duration.ofSeconds(10))
                .socketTimeout(Duration.ofSeconds(90)))
        .overrideConfiguration(settings -> settings.retryStrategy(AwsRetryStrategy.doNotRetry()))
        .build();
  }

  /** The ARN of a function of the account that every key has by default. */
  static String arn(String name) {
    return "arn:aws:lambda:" + REGION + ":" + ACCOUNT + ":function:" + name;
  }
}
