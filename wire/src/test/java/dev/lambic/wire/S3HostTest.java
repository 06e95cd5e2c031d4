package dev.lambic.wire;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Buckets in names of hosts, as clients write them. */
final class S3HostTest {
  @ParameterizedTest
  @CsvSource({
    "bucket.localhost:4566, bucket",
    "my.bucket.localhost, my.bucket",
    "Bucket.s3.localhost:4566, bucket",
    "my.bucket.s3.eu-west-1.amazonaws.com, my.bucket",
    "bucket.s3-eu-west-1.amazonaws.com, bucket",
    "bucket.s3.localhost.localstack.cloud:4566, bucket",
    "localhost:4566,",
    "s3.localhost:4566,",
    "s3.eu-west-1.amazonaws.com,",
    "127.0.0.1:4566,",
    "[::1]:4566,",
    "lambic:4566,",
    "lambic.example.com,",
    ",",
  })
  void theBucketStandsBeforeTheService(String host, String bucket) {
    assertThat(S3Host.bucket(host)).isEqualTo(bucket);
  }
}
