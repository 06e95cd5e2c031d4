package dev.lambic.functions;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Container images that are only names, each with what is wrong with it. */
final class Shelf implements ContainerImages {
  private final Map<String, String> tags = new ConcurrentHashMap<>();
  private final Map<String, Problem> refused = new ConcurrentHashMap<>();
  private final Map<String, Problem> broken = new ConcurrentHashMap<>();
  final Set<String> ready = ConcurrentHashMap.newKeySet();
  @Nullable Set<String> kept;

  /** Makes the name mean another image, and returns its digest. */
  String push(String uri, String content) {
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(content.getBytes(UTF_8));
      String hex = HexFormat.of().formatHex(digest);
      tags.put(uri, hex);
      return hex;
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  void refuse(String uri, Problem problem) {
    refused.put(uri, problem);
  }

  /** The image is found but cannot be prepared; null repairs it. */
  void breakIt(String digest, @Nullable Problem problem) {
    if (problem == null) {
      broken.remove(digest);
    } else {
      broken.put(digest, problem);
    }
  }

  @Override
  public Found find(String imageUri) {
    Problem problem = refused.get(imageUri);
    String digest = tags.get(imageUri);
    if (problem != null || digest == null) {
      throw new Unusable(problem == null ? Problem.MISSING : problem, "not on the shelf", null);
    }
    String repository = imageUri.substring(0, imageUri.lastIndexOf(':'));
    return new Found(repository + "@sha256:" + digest, digest);
  }

  @Override
  public void prepare(String resolvedUri) {
    String digest = resolvedUri.substring(resolvedUri.lastIndexOf(':') + 1);
    Problem problem = broken.get(digest);
    if (problem != null) {
      throw new Unusable(problem, "broken on the shelf", null);
    }
    ready.add(digest);
  }

  @Override
  public boolean isReady(String digest) {
    return ready.contains(digest);
  }

  @Override
  public void collect(Supplier<Set<String>> used) {
    kept = used.get();
  }
}
