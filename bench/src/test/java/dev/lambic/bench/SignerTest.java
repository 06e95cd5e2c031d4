package dev.lambic.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import org.junit.jupiter.api.Test;

final class SignerTest {
  /** The signature was calculated by botocore 1.44 for the same request. */
  @Test
  void signsAsTheOrdinaryClientDoes() {
    Signer signer = new Signer("127.0.0.1:4566", "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCY");
    byte[] request =
        signer.request(
            "POST",
            "/2015-03-31/functions/hello/invocations",
            "{\"name\":\"world\"}".getBytes(StandardCharsets.UTF_8),
            Instant.parse("2026-01-02T03:04:05Z"));
    assertThat(new String(request, StandardCharsets.UTF_8))
        .startsWith("POST /2015-03-31/functions/hello/invocations HTTP/1.1\r\n")
        .contains("\r\nhost: 127.0.0.1:4566\r\n", "\r\nx-amz-date: 20260102T030405Z\r\n")
        .contains("Credential=AKIDEXAMPLE/20260102/us-east-1/lambda/aws4_request, SignedHeaders=")
        .contains("\r\ncontent-length: 16\r\n")
        .contains("Signature=c9ab75243dd748f36f901885007dc10b7f9e8d7c134eb8ef44b1b1fc921e6c0b\r\n")
        .endsWith("\r\n\r\n{\"name\":\"world\"}");
  }
}
