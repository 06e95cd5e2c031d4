package probe;

import com.amazonaws.services.lambda.runtime.ClientContext;
import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import com.amazonaws.services.lambda.runtime.logging.LogLevel;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Tells about the environment that it runs in, and does what the event asks for. */
public class Probe implements RequestHandler<Map<String, Object>, Object> {
  private static final long LOADED = System.nanoTime();
  private int calls;

  @Override
  public Object handleRequest(Map<String, Object> event, Context context) {
    calls++;
    switch ((String) event.get("do")) {
      case "nothing":
        return "well";
      case "echo":
        return event;
      case "identity":
        Map<String, Object> identity = new HashMap<>();
        identity.put("loaded", LOADED);
        identity.put("calls", calls);
        return identity;
      case "introspect":
        return introspect(context);
      case "log":
        System.out.println("printed");
        System.err.println("to stderr");
        context.getLogger().log("logged by the logger");
        context.getLogger().log("in two\nlines");
        System.out.print("without an end");
        return context.getAwsRequestId();
      case "levels":
        context.getLogger().log("for your information", LogLevel.INFO);
        context.getLogger().log("an error", LogLevel.ERROR);
        return null;
      case "raise":
        throw new IllegalStateException((String) event.get("text"), new RuntimeException("why"));
      case "overflow":
        return overflow(1);
      case "exit":
        System.exit(3);
        return null;
      case "halt":
        Runtime.getRuntime().halt(0);
        return null;
      case "memory":
        List<byte[]> all = new ArrayList<>();
        while (true) {
          all.add(new byte[1 << 20]);
        }
      case "sleep":
        try {
          Thread.sleep(600_000);
        } catch (InterruptedException e) {
          throw new IllegalStateException(e);
        }
        return null;
      case "large":
        return new String(new char[(Integer) event.get("size")]).replace('\0', 'x');
      case "cyclic":
        Map<String, Object> cyclic = new HashMap<>();
        cyclic.put("self", new Cyclic());
        return cyclic;
      default:
        throw new UnsupportedOperationException();
    }
  }

  private static int overflow(int depth) {
    return overflow(depth + 1) + depth;
  }

  /** Cannot be written as JSON. */
  public static class Cyclic {
    public Cyclic getSelf() {
      return this;
    }
  }

  private static Map<String, Object> introspect(Context context) {
    Map<String, Object> told = new LinkedHashMap<>();
    told.put("function", context.getFunctionName());
    told.put("version", context.getFunctionVersion());
    told.put("arn", context.getInvokedFunctionArn());
    told.put("memory", context.getMemoryLimitInMB());
    told.put("request", context.getAwsRequestId());
    told.put("group", context.getLogGroupName());
    told.put("stream", context.getLogStreamName());
    told.put("remaining", context.getRemainingTimeInMillis());
    ClientContext client = context.getClientContext();
    told.put("client", client == null ? null : client.getCustom());
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("context", told);
    all.put("environment", System.getenv());
    all.put("java", System.getProperty("java.specification.version"));
    all.put("home", System.getProperty("java.home"));
    all.put("trace", System.getProperty("com.amazonaws.xray.traceHeader"));
    all.put("property", System.getProperty("probe.property"));
    all.put("heap", Runtime.getRuntime().maxMemory() >> 20);
    all.put("processors", Runtime.getRuntime().availableProcessors());
    all.put("tmp", names(new File("/tmp")));
    all.put("maps", maps());
    all.put("own", readable("own.txt"));
    all.put("layer", readable("layer.txt"));
    return all;
  }

  private static List<String> names(File directory) {
    List<String> names = new ArrayList<>();
    for (String name : directory.list()) {
      if (!name.equals("lost+found")) {
        names.add(name);
      }
    }
    return names;
  }

  private static boolean readable(String resource) {
    return Thread.currentThread().getContextClassLoader().getResource(resource) != null;
  }

  private static boolean maps() {
    try {
      for (String line : Files.readAllLines(Paths.get("/proc/self/maps"))) {
        if (line.endsWith("/var/rapid/client.jsa")) {
          return true;
        }
      }
      return false;
    } catch (java.io.IOException e) {
      throw new IllegalStateException(e);
    }
  }
}
