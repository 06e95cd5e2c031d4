package dev.lambic.server;

import dev.lambic.functions.CodeObjects;
import dev.lambic.kernel.LambicException;
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
    Fetched fetched;
    try {
      fetched = s3.fetch(bucket, key, version);
    } catch (LambicException e) {
      // S3's errors are none of Lambda's.
      throw new LambicException("ServiceException", e.blame(), String.valueOf(e.getMessage()), e);
    }
    return switch (fetched) {
      case Fetched.Found(InputStream content) -> content;
      case Fetched.Refused(String code, String message) -> throw new Refused(code, message);
    };
  }
}
