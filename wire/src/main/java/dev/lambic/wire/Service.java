package dev.lambic.wire;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.SdkClient;

/**
 * One AWS service behind an {@link AwsEndpoint}: its signing name, and what answers for it.
 *
 * <p>Safe for use by many threads. Nothing is loaded before the first request for the service
 * comes; what is loaded then is shared by all endpoints that offer the service.
 */
public final class Service {
  /** What AWS accepts as a whole request of Lambda's CreateFunction, in bytes. */
  static final int STANDARD_REQUEST_BYTES = 70_167_211;

  private final String name;
  private final @Nullable SdkSource sdk;
  private final @Nullable PassThrough passThrough;
  private final @Nullable StreamedPassThrough streamed;
  private final String targetPrefix;
  private final Map<String, RawOperation> raw;
  private final List<Address> forgotten;
  private final ServiceSlot slot = new ServiceSlot(this);

  /** Where an operation is that the SDK has no method for. */
  record Address(String operation, String httpMethod, String uri) {}

  /**
   * The client interface and where its implementation comes from.
   *
   * @param forms whether every request is a form
   */
  record SdkSource(
      Class<? extends SdkClient> api,
      Supplier<? extends SdkClient> implementation,
      boolean forms) {}

  private Service(
      String name,
      @Nullable SdkSource sdk,
      @Nullable PassThrough passThrough,
      @Nullable StreamedPassThrough streamed,
      String targetPrefix,
      Map<String, RawOperation> raw,
      List<Address> forgotten) {
    this.name = name;
    this.sdk = sdk;
    this.passThrough = passThrough;
    this.streamed = streamed;
    this.targetPrefix = targetPrefix;
    this.raw = Map.copyOf(raw);
    this.forgotten = List.copyOf(forgotten);
  }

  /**
   * A service that implements the AWS SDK's client interface.
   *
   * @param name the service's signing name, such as {@code lambda}
   * @param api the interface, such as {@code LambdaClient}
   * @param implementation asked once, at the first request; operations that it does not override
   *     answer 'not implemented'
   */
  public static <T extends SdkClient> Service sdk(
      String name, Class<T> api, Supplier<? extends T> implementation) {
    return new Service(
        name, new SdkSource(api, implementation, false), null, null, "", Map.of(), List.of());
  }

  /** As {@link #sdk}, for one that speaks the query protocol, such as {@code iam}. */
  public static <T extends SdkClient> Service query(
      String name, Class<T> api, Supplier<? extends T> implementation) {
    return new Service(
        name, new SdkSource(api, implementation, true), null, null, "", Map.of(), List.of());
  }

  /**
   * A service that another engine answers, in the awsJson protocol.
   *
   * @param name the service's signing name, such as {@code dynamodb}
   * @param targetPrefix what stands before the dot of its X-Amz-Target header, by which requests
   *     without a signature are recognised, such as {@code DynamoDB_20120810}
   */
  public static Service passThrough(String name, String targetPrefix, PassThrough handler) {
    return new Service(name, null, handler, null, targetPrefix, Map.of(), List.of());
  }

  /**
   * S3, which another engine answers: its requests are known by their signatures, of either
   * version, or by a bucket in the name of the host, and their bodies are passed on as they come.
   */
  public static Service s3(StreamedPassThrough handler) {
    return new Service("s3", null, null, handler, "", Map.of(), List.of());
  }

  /** The same service, with this operation taken raw. */
  public Service raw(String operation, RawOperation handler) {
    Map<String, RawOperation> more = new HashMap<>(raw);
    more.put(operation, handler);
    return new Service(name, sdk, passThrough, streamed, targetPrefix, more, forgotten);
  }

  /**
   * The same service, with an operation that the SDK has no method for, because AWS has given it
   * up. It is answered as not implemented unless it is taken raw.
   *
   * @param uri a pattern such as {@code /2014-11-13/functions/{FunctionName}/invoke-async}
   */
  public Service forgotten(String operation, String httpMethod, String uri) {
    List<Address> more = new ArrayList<>(forgotten);
    more.add(new Address(operation, httpMethod, uri));
    return new Service(name, sdk, passThrough, streamed, targetPrefix, raw, more);
  }

  /** The signing name. */
  public String name() {
    return name;
  }

  @Nullable SdkSource sdk() {
    return sdk;
  }

  @Nullable PassThrough passThrough() {
    return passThrough;
  }

  @Nullable StreamedPassThrough streamed() {
    return streamed;
  }

  String targetPrefix() {
    return targetPrefix;
  }

  /** What is loaded for it, by whichever endpoint needs it first. */
  ServiceSlot slot() {
    return slot;
  }

  List<Address> forgotten() {
    return forgotten;
  }

  Map<String, RawOperation> raw() {
    return raw;
  }
}
