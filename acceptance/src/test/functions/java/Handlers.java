package probe;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import com.amazonaws.services.lambda.runtime.RequestStreamHandler;
import com.amazonaws.services.lambda.runtime.events.APIGatewayProxyRequestEvent;
import com.amazonaws.services.lambda.runtime.events.APIGatewayProxyResponseEvent;
import com.amazonaws.services.lambda.runtime.events.SQSEvent;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;

/** Handlers of every kind that AWS knows. */
public class Handlers {
  /** What a handler of no interface takes and gives. */
  public static class Person {
    private String name;
    private int age;

    public String getName() {
      return name;
    }

    public void setName(String name) {
      this.name = name;
    }

    public int getAge() {
      return age;
    }

    public void setAge(int age) {
      this.age = age;
    }
  }

  public Person older(Person person) {
    person.setAge(person.getAge() + 1);
    return person;
  }

  public String named(Person person, Context context) {
    return person.getName() + " of " + context.getFunctionName();
  }

  public int twice(int number) {
    return 2 * number;
  }

  public static List<String> sorted(List<String> words) {
    Collections.sort(words);
    return words;
  }

  public void nothing(String word) {
    System.out.println("nothing for " + word);
  }

  public void copy(InputStream in, OutputStream out, Context context) throws IOException {
    out.write('"');
    for (int c = in.read(); c >= 0; c = in.read()) {
      out.write(c == '"' ? '\'' : c);
    }
    out.write('"');
  }

  public static class Upper implements RequestStreamHandler {
    @Override
    public void handleRequest(InputStream in, OutputStream out, Context context)
        throws IOException {
      for (int c = in.read(); c >= 0; c = in.read()) {
        out.write(Character.toUpperCase(c));
      }
    }
  }

  public static class Queue implements RequestHandler<SQSEvent, String> {
    @Override
    public String handleRequest(SQSEvent event, Context context) {
      return event.getRecords().stream()
          .map(message -> message.getMessageId() + "=" + message.getBody())
          .collect(Collectors.joining(","));
    }
  }

  public static class Gateway
      implements RequestHandler<APIGatewayProxyRequestEvent, APIGatewayProxyResponseEvent> {
    @Override
    public APIGatewayProxyResponseEvent handleRequest(
        APIGatewayProxyRequestEvent event, Context context) {
      return new APIGatewayProxyResponseEvent()
          .withStatusCode(201)
          .withHeaders(Collections.singletonMap("X-Path", event.getPath()))
          .withBody(event.getQueryStringParameters().get("q"));
    }
  }

  /** Fails when it is loaded. */
  public static class BadClass implements RequestHandler<String, String> {
    static final int NUMBER = Integer.parseInt("no number");

    @Override
    public String handleRequest(String event, Context context) {
      return event + NUMBER;
    }
  }

  /** Fails when it is made. */
  public static class BadConstructor implements RequestHandler<String, String> {
    public BadConstructor() {
      throw new IllegalArgumentException("cannot be made");
    }

    @Override
    public String handleRequest(String event, Context context) {
      return event;
    }
  }

  /** Ends the process when it is made. */
  public static class Exiting implements RequestHandler<String, String> {
    public Exiting() {
      System.exit(9);
    }

    @Override
    public String handleRequest(String event, Context context) {
      return event;
    }
  }
}
