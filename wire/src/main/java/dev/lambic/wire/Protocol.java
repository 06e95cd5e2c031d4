package dev.lambic.wire;

import dev.lambic.http.Headers;
import dev.lambic.http.HttpRequest;
import software.amazon.awssdk.core.SdkPojo;
import software.amazon.awssdk.core.SdkRequest;

/** One of AWS's ways to put a typed request and response into HTTP messages. */
interface Protocol {
  /**
   * The typed request.
   *
   * @throws dev.lambic.kernel.LambicException if the message does not fit it
   */
  SdkRequest read(RouteTable.Match match, HttpRequest request);

  /**
   * The whole answer.
   *
   * @param status of success, as the model says; a response may carry another
   * @param headers those that the answer has anyway; more are added
   */
  Answer write(SdkPojo response, int status, HttpRequest request, Headers headers);
}
