package dev.lambic.server;

import dev.lambic.functions.CodeObjects;
import dev.lambic.services.S3Service;
import dev.lambic.services.S3Service.Fetched;
import java.io.InputStream;
import org.jspecify.annotations.Nullable;

/** Deployment packages out of the S3 of this server. */
final class S3Code implements CodeObjects {
  private final S3Service s3;

  S3Code(S3Service s3) {
    this.s3 = s3;
  }

  @Override
  public InputStream open(String bucket, String key, @Nullable String version) throws Refused {
    return switch (s3.fetch(bucket, key, version)) {
      case Fetched.Found(InputStream content) -> content;
      case Fetched.Refused(String code, String message) -> throw new Refused(code, message);
    };
  }
}
