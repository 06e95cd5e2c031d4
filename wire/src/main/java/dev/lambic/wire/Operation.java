package dev.lambic.wire;

import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.SdkPojo;
import software.amazon.awssdk.core.SdkRequest;

/**
 * One operation of a service as the SDK declares it.
 *
 * @param name such as {@code CreateFunction}
 * @param requestType the class of its requests
 * @param methodName of the client interface
 * @param httpMethod such as {@code POST}
 * @param uri a pattern such as {@code /2015-03-31/functions/{FunctionName}}, perhaps with a query
 *     whose parameters belong to the address
 * @param target the value of X-Amz-Target, or of Action in a form; null for a protocol that routes
 *     by the address
 * @param version of the service's interface, such as {@code 2010-05-08}, in the query protocol;
 *     null in all others
 * @param newRequest gives an empty builder; the first call loads the classes of the request
 * @param invoker calls a service object
 */
record Operation(
    String name,
    Class<? extends SdkRequest> requestType,
    String methodName,
    String httpMethod,
    String uri,
    @Nullable String target,
    @Nullable String version,
    Supplier<SdkPojo> newRequest,
    Invoker invoker) {

  /** Calls the method that stands for the operation. */
  @FunctionalInterface
  interface Invoker {
    SdkPojo invoke(Object service, SdkRequest request) throws Throwable;
  }
}
