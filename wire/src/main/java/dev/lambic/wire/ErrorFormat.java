package dev.lambic.wire;

import dev.lambic.http.Headers;
import dev.lambic.http.HttpRequest;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Writes an error in the protocol that the client of a request speaks.
 *
 * <p>The protocol is told from the request, for an error may arise before anybody knows the
 * service.
 */
enum ErrorFormat {
  /** The code travels in a header, the body is JSON. */
  REST_JSON {
    @Override
    Answer write(AwsError error, HttpRequest request, Headers headers) {
      headers.add("Content-Type", "application/json").add("x-amzn-ErrorType", error.code());
      return new Answer(status(error, false), headers, json(error, new LinkedHashMap<>(), headers));
    }
  },
  /** The code is a member of the JSON body. */
  AWS_JSON {
    @Override
    Answer write(AwsError error, HttpRequest request, Headers headers) {
      String type = contentType(request);
      if (!type.startsWith(AWS_JSON_TYPE)) {
        type = "application/x-amz-json-1.0";
      }
      headers.add("Content-Type", type);
      Map<String, @Nullable String> members = new LinkedHashMap<>();
      boolean common = error.shape() == null && error.modelled() == null;
      boolean prefixed = common && type.startsWith("application/x-amz-json-1.0");
      members.put("__type", (prefixed ? "com.amazon.coral.service#" : "") + error.code());
      return new Answer(status(error, true), headers, json(error, members, headers));
    }
  },
  /** The body is XML, in an envelope that says who is to blame. */
  QUERY {
    @Override
    Answer write(AwsError error, HttpRequest request, Headers headers) {
      headers.add("Content-Type", "text/xml");
      String code =
          switch (error.code()) {
            case "InvalidSignatureException" -> "SignatureDoesNotMatch";
            case "UnrecognizedClientException" -> "InvalidClientTokenId";
            case "UnknownOperationException" -> "InvalidAction";
            case "ValidationException" -> "ValidationError";
            case "SerializationException" -> "MalformedInput";
            case "ServiceException" -> "InternalFailure";
            default -> withoutSuffix(error.code());
          };
      int status = code.equals("InvalidAction") ? 400 : status(error, false);
      Xml xml =
          new Xml()
              .open("ErrorResponse")
              .open("Error")
              .text("Type", status < 500 ? "Sender" : "Receiver")
              .text("Code", code)
              .text("Message", Objects.requireNonNullElse(error.message(), ""))
              .close("Error")
              .text("RequestId", Objects.requireNonNullElse(headers.get(REQUEST_ID), ""))
              .close("ErrorResponse");
      return new Answer(status, headers, xml.bytes());
    }
  },
  /** The body is XML without an envelope. */
  S3 {
    @Override
    Answer write(AwsError error, HttpRequest request, Headers headers) {
      String id = Objects.requireNonNullElse(headers.get(REQUEST_ID), "");
      headers.add("Content-Type", "application/xml").add("x-amz-request-id", id);
      boolean anonymous = error.code().equals("MissingAuthenticationTokenException");
      boolean unknown = error.code().equals("UnrecognizedClientException");
      String code =
          switch (error.code()) {
            case "InvalidSignatureException" -> "SignatureDoesNotMatch";
            case "UnrecognizedClientException" -> "InvalidAccessKeyId";
            case "MissingAuthenticationTokenException" -> "AccessDenied";
            case "IncompleteSignatureException" -> "AuthorizationHeaderMalformed";
            case "RequestEntityTooLargeException" -> "EntityTooLarge";
            case "ServiceException" -> "InternalError";
            default -> withoutSuffix(error.code());
          };
      int status =
          switch (code) {
            case "ExpiredToken", "AuthorizationHeaderMalformed", "EntityTooLarge" -> 400;
            case "ServiceUnavailable", "SlowDown" -> 503;
            default -> status(error, false);
          };
      String message =
          anonymous
              ? "Access Denied"
              : unknown
                  ? "The AWS Access Key Id you provided does not exist in our records."
                  : Objects.requireNonNullElse(error.message(), "");
      Xml xml =
          new Xml()
              .open("Error")
              .text("Code", code)
              .text("Message", message)
              .text("RequestId", id)
              .text("HostId", id)
              .close("Error");
      boolean bodiless = request.method().equals("HEAD");
      return new Answer(status, headers, bodiless ? new byte[0] : xml.bytes());
    }
  };

  static final String REQUEST_ID = "x-amzn-RequestId";
  private static final String AWS_JSON_TYPE = "application/x-amz-json-";
  private static final String EXCEPTION = "Exception";
  private static final String ACCESS_DENIED = "AccessDeniedException";

  /** The format for this request's client. */
  static ErrorFormat of(HttpRequest request, @Nullable String service) {
    String type = contentType(request);
    if (request.headers().has("X-Amz-Target") || type.startsWith(AWS_JSON_TYPE)) {
      return AWS_JSON;
    }
    if ("s3".equals(service)) {
      return S3;
    }
    // Clients that send no type of their own may be given a form's by their HTTP library.
    return AwsQuery.announced(request) ? QUERY : REST_JSON;
  }

  /**
   * The whole answer.
   *
   * @param headers those that the answer has anyway; more are added
   */
  abstract Answer write(AwsError error, HttpRequest request, Headers headers);

  private static String contentType(HttpRequest request) {
    return Objects.requireNonNullElse(request.headers().get("Content-Type"), "");
  }

  private static int status(AwsError error, boolean awsJson) {
    if (error.status() != 0) {
      return error.status();
    }
    if (error.shape() != null) {
      return error.shape().status();
    }
    return switch (error.code()) {
      case "ValidationException",
          "SerializationException",
          "XAmzContentSHA256Mismatch",
          "IncompleteBody" ->
          400;
      case ACCESS_DENIED,
          "ExpiredTokenException",
          "IncompleteSignatureException",
          "InvalidSignatureException",
          "MissingAuthenticationTokenException",
          "UnrecognizedClientException" ->
          awsJson ? 400 : 403;
      case "UnknownOperationException" -> awsJson ? 400 : 404;
      case "RequestEntityTooLargeException" -> 413;
      case "NotImplementedException" -> 501;
      case "ServiceUnavailableException" -> 503;
      default ->
          switch (error.blame()) {
            case CALLER, FUNCTION -> 400;
            case CAPACITY -> 429;
            case PLATFORM -> 500;
          };
    };
  }

  private static byte[] json(
      AwsError error, Map<String, @Nullable String> strings, Headers headers) {
    ErrorShape shape = error.shape();
    for (Map.Entry<String, String> member : error.members().entrySet()) {
      String header = shape == null ? null : shape.headers().get(member.getKey());
      if (header == null) {
        strings.put(member.getKey(), member.getValue());
      } else {
        headers.add(header, member.getValue());
      }
    }
    if (shape != null && shape.typed()) {
      strings.putIfAbsent("Type", shape.receiver() ? "Service" : "User");
    }
    if (error.modelled() != null) {
      for (Member member : SdkBinding.structure(error.modelled()).members()) {
        Object value = member.get(error.modelled());
        if (value == null) {
          continue;
        }
        if (member.place() == Place.HEADER) {
          headers.add(member.wireName(), value.toString());
        } else if (member.kind() == Kind.STRING && !value.equals("")) {
          strings.put(member.wireName(), (String) value);
        } else if (member.kind() == Kind.STRING) {
          // What is empty is left out, as AWS leaves some errors without a type.
          strings.remove(member.wireName());
        }
      }
    }
    if (error.message() != null) {
      strings.put(shape == null ? sharedText(error.code()) : shape.text(), error.message());
    } else if (error.code().equals(ACCESS_DENIED)) {
      // AWS names the member even where it says nothing.
      strings.put(sharedText(error.code()), null);
    }
    return JsonWriter.writeError(strings, error.modelled());
  }

  /** The errors that all services share do not agree on the name of their message. */
  private static String sharedText(String code) {
    return switch (code) {
      case ACCESS_DENIED,
          "RequestEntityTooLargeException",
          "SerializationException",
          "UnknownOperationException" ->
          "Message";
      default -> "message";
    };
  }

  private static String withoutSuffix(String code) {
    return code.endsWith(EXCEPTION) ? code.substring(0, code.length() - EXCEPTION.length()) : code;
  }
}
