package dev.lambic.stem;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Type;
import java.nio.charset.StandardCharsets;
import java.security.Security;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Does what AWS's client does for every function at its start and with its first event, as far as
 * that depends on nothing of the function, so that the classes it needs are initialised.
 *
 * <p>The client's inner parts are called by their names. One that another version of the client
 * lacks is left out, which costs time later and nothing else. None of these looks at an environment
 * variable.
 */
final class Rehearsal {
  private static final String CLIENT = "com.amazonaws.services.lambda.runtime.api.client.";
  private static final String EVENT =
      "{\"text\":\"a\\n\",\"list\":[1,true,null,{\"number\":1.5}],\"large\":12345678901234567890}";

  private final ClassLoader loader;

  Rehearsal(ClassLoader loader) {
    this.loader = loader;
  }

  /** One thing to do. */
  interface Step {
    /** Does it. */
    void run() throws Exception;
  }

  void run() {
    attempt(Rehearsal::setSecurityProperty);
    attempt(this::convert);
    attempt(this::findHandler);
    attempt(this::initialize);
    attempt(() -> String.format(Locale.ROOT, "%s %d-%d", "a", 1, 2L).split("-"));
  }

  private static void attempt(Step step) {
    try {
      step.run();
    } catch (Exception e) {
      return; // what the class says
    } catch (LinkageError e) {
      return;
    }
  }

  /** To what it is anyway: the first one that is set makes the JDK prepare to log the event. */
  private static void setSecurityProperty() {
    String name = "networkaddress.cache.negative.ttl";
    String value = Security.getProperty(name);
    if (value != null) {
      Security.setProperty(name, value);
    }
  }

  /** Reads an event and writes it, as for a handler that takes a map and gives one. */
  private void convert() throws Exception {
    Class<?> factory =
        loader.loadClass(
            "com.amazonaws.services.lambda.runtime.serialization.factories.JacksonFactory");
    Class<?> serializer =
        loader.loadClass("com.amazonaws.services.lambda.runtime.serialization.PojoSerializer");
    Object jackson = factory.getMethod("getInstance").invoke(null);
    Method read = serializer.getMethod("fromJson", InputStream.class);
    Method write = serializer.getMethod("toJson", Object.class, OutputStream.class);
    Method of = factory.getMethod("getSerializer", Type.class);
    for (Class<?> type : new Class<?>[] {Map.class, Object.class, String.class, List.class}) {
      Object one = of.invoke(jackson, type);
      String json = type == String.class ? "\"a\"" : type == List.class ? "[1]" : EVENT;
      InputStream in = new ByteArrayInputStream(json.getBytes(StandardCharsets.UTF_8));
      write.invoke(one, read.invoke(one, in), new ByteArrayOutputStream());
    }
    Class<?> events =
        loader.loadClass(
            "com.amazonaws.services.lambda.runtime.serialization.events.LambdaEventSerializers");
    events.getMethod("isLambdaSupportedEvent", String.class).invoke(null, "java.util.Map");
  }

  /** Looks the class of a handler up, and its methods. */
  private void findHandler() throws Exception {
    Class<?> info = loader.loadClass(CLIENT + "HandlerInfo");
    Method parse = info.getMethod("fromString", String.class, ClassLoader.class);
    parse.invoke(null, Handler.class.getName() + "::handle", loader);
    for (Method method : Handler.class.getMethods()) {
      method.getGenericReturnType();
      method.getGenericParameterTypes();
    }
    Handler handler = Handler.class.getConstructor().newInstance();
    Handler.class.getMethod("handle", Map.class).invoke(handler, Collections.emptyMap());
  }

  /** Parts of the client that know of no function. */
  private void initialize() throws Exception {
    for (String name :
        new String[] {
          "com.amazonaws.services.lambda.runtime.logging.LogFormat",
          "com.amazonaws.services.lambda.runtime.logging.LogLevel",
          CLIENT + "logging.LogFiltering",
          CLIENT + "logging.TextLogFormatter",
          CLIENT + "logging.LambdaContextLogger",
          CLIENT + "logging.FrameType",
          CLIENT + "EventHandlerLoader",
          CLIENT + "EventHandlerLoader$Platform",
          CLIENT + "EventHandlerLoader$PojoMethodRequestHandler",
          CLIENT + "EventHandlerLoader$PojoHandlerAsStreamHandler",
          CLIENT + "UserFault",
          CLIENT + "LambdaRequestHandler",
          CLIENT + "api.LambdaContext",
          CLIENT + "util.LambdaOutputStream",
          CLIENT + "runtimeapi.dto.InvocationRequest",
        }) {
      initialize(name);
    }
    Field unsafe = loader.loadClass("sun.misc.Unsafe").getDeclaredField("theUnsafe");
    unsafe.setAccessible(true);
    unsafe.get(null);
  }

  private void initialize(String name) {
    try {
      Class.forName(name, true, loader);
    } catch (ClassNotFoundException e) {
      return; // of another version
    } catch (LinkageError e) {
      return;
    }
  }

  /** A handler as many functions have one. */
  public static final class Handler {
    /** Makes one. */
    public Handler() {}

    /**
     * Gives its event back.
     *
     * @param event any
     */
    public Map<String, Object> handle(Map<String, Object> event) {
      return Collections.singletonMap("event", event);
    }
  }
}
