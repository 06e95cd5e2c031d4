package snapshots;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;

/**
 * Tells what differs between copies of it. Its hooks are registered as the CRaC library registers
 * them on AWS: by looking the runtime's classes up.
 */
public final class Snapshots
    implements RequestHandler<Map<String, Object>, Map<String, Object>>, InvocationHandler {
  private static final String CRAC = "com.amazonaws.services.lambda.crac.";
  private static final String INIT = UUID.randomUUID().toString();

  private final SecureRandom random = new SecureRandom();
  private final List<String> hooks = new ArrayList<>();

  /** Registers the hooks. */
  public Snapshots() throws Exception {
    random.nextLong();
    Class<?> resource = Class.forName(CRAC + "Resource");
    Object self =
        Proxy.newProxyInstance(resource.getClassLoader(), new Class<?>[] {resource}, this);
    Object context = Class.forName(CRAC + "Core").getMethod("getGlobalContext").invoke(null);
    Class.forName(CRAC + "Context").getMethod("register", resource).invoke(context, self);
    kept = self;
  }

  /** The context knows its resources weakly. */
  private final Object kept;

  @Override
  public Object invoke(Object proxy, Method method, Object[] arguments) {
    switch (method.getName()) {
      case "hashCode":
        return System.identityHashCode(proxy);
      case "equals":
        return proxy == arguments[0];
      case "toString":
        return "hooks";
      default:
        hooks.add(method.getName());
        return null;
    }
  }

  @Override
  public Map<String, Object> handleRequest(Map<String, Object> event, Context context) {
    try {
      Thread.sleep(((Number) event.getOrDefault("millis", 0)).longValue());
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    Map<String, Object> all = new TreeMap<>();
    all.put("init", INIT);
    all.put("hooks", kept == null ? null : hooks);
    all.put("uuid", UUID.randomUUID().toString());
    all.put("random", Long.toString(random.nextLong()));
    all.put("type", System.getenv("AWS_LAMBDA_INITIALIZATION_TYPE"));
    return all;
  }
}
