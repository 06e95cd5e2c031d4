package dev.lambic.wire;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.SdkClient;
import software.amazon.awssdk.core.SdkField;
import software.amazon.awssdk.core.SdkPojo;
import software.amazon.awssdk.core.SdkRequest;
import software.amazon.awssdk.core.protocol.MarshallLocation;
import software.amazon.awssdk.core.protocol.MarshallingKnownType;
import software.amazon.awssdk.core.traits.JsonValueTrait;
import software.amazon.awssdk.core.traits.ListTrait;
import software.amazon.awssdk.core.traits.MapTrait;
import software.amazon.awssdk.core.traits.PayloadTrait;
import software.amazon.awssdk.core.traits.TimestampFormatTrait;
import software.amazon.awssdk.core.util.SdkAutoConstructList;
import software.amazon.awssdk.core.util.SdkAutoConstructMap;
import software.amazon.awssdk.protocols.core.OperationInfo;
import software.amazon.awssdk.utils.builder.SdkBuilder;

/**
 * The one class that knows how the AWS SDK for Java 2 describes its shapes and operations.
 *
 * <p>Uses what the SDK keeps for itself: the fields of every shape ({@code sdkFields}), and the
 * constant {@code SDK_OPERATION_BINDING} of every request marshaller. A change of the SDK shows in
 * this class's test. Safe for use by many threads.
 */
final class SdkBinding {
  // One entry per shape class in use, so bounded by the SDK's number of classes.
  private static final ConcurrentHashMap<Class<?>, Structure> STRUCTURES =
      new ConcurrentHashMap<>();

  private SdkBinding() {}

  /** The members of the shape that this is a builder or an instance of. */
  static Structure structure(SdkPojo shape) {
    Structure known = STRUCTURES.get(shape.getClass());
    if (known == null) {
      List<Member> members = new ArrayList<>();
      for (SdkField<?> field : shape.sdkFields()) {
        members.add(member(field));
      }
      known = Structure.of(members);
      STRUCTURES.put(shape.getClass(), known);
    }
    return known;
  }

  /** What a builder has been filled with. */
  static SdkPojo build(SdkPojo builder) {
    if (builder instanceof SdkBuilder<?, ?> filled) {
      return (SdkPojo) filled.build();
    }
    throw new IllegalStateException(builder.getClass() + " is no builder");
  }

  /**
   * An operation that the interface lacks because its answer streams; its request is known all the
   * same. It cannot be invoked, so somebody has to take it raw.
   *
   * @param name such as {@code InvokeWithResponseStream}
   */
  static Operation streaming(Class<? extends SdkClient> api, String name) {
    try {
      Class<? extends SdkRequest> request =
          Class.forName(api.getPackageName() + ".model." + name + "Request")
              .asSubclass(SdkRequest.class);
      return operation(
          request,
          Character.toLowerCase(name.charAt(0)) + name.substring(1),
          (service, input) -> {
            throw new IllegalStateException(name + " has no typed answer");
          });
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("the SDK knows no " + name, e);
    }
  }

  /**
   * An operation that the SDK does not know at all, so that it can be told from a wrong address.
   */
  static Operation forgotten(Service.Address address) {
    String name = address.operation();
    return new Operation(
        name,
        SdkRequest.class,
        Character.toLowerCase(name.charAt(0)) + name.substring(1),
        address.httpMethod(),
        address.uri(),
        null,
        null,
        () -> {
          throw new IllegalStateException("the SDK knows no " + name);
        },
        (service, input) -> {
          throw new IllegalStateException("the SDK knows no " + name);
        });
  }

  /**
   * Every operation of the interface that takes one request and gives one response, by name.
   *
   * <p>Operations that stream are left out: they have no such method.
   */
  static List<Operation> operations(Class<? extends SdkClient> api) {
    List<Operation> found = new ArrayList<>();
    for (Method method : api.getMethods()) {
      if (Modifier.isStatic(method.getModifiers())
          || method.getParameterCount() != 1
          || !SdkRequest.class.isAssignableFrom(method.getParameterTypes()[0])
          || !SdkPojo.class.isAssignableFrom(method.getReturnType())) {
        continue;
      }
      found.add(operation(method, method.getParameterTypes()[0].asSubclass(SdkRequest.class)));
    }
    found.sort(Comparator.comparing(Operation::name));
    return found;
  }

  /** Whether the class has a method of its own for the operation, not just the SDK's default. */
  static boolean implementsOperation(Class<?> service, Operation operation) {
    try {
      return !service
          .getMethod(operation.methodName(), operation.requestType())
          .getDeclaringClass()
          .isInterface();
    } catch (NoSuchMethodException e) {
      return false;
    }
  }

  private static Operation operation(Method method, Class<? extends SdkRequest> request) {
    try {
      return operation(request, method.getName(), new Call(method));
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("the SDK describes " + request + " differently", e);
    }
  }

  private static Operation operation(
      Class<? extends SdkRequest> request, String methodName, Operation.Invoker invoker)
      throws ReflectiveOperationException {
    String simpleName = request.getSimpleName();
    Field binding =
        Class.forName(
                request.getPackageName().replace(".model", ".transform")
                    + "."
                    + simpleName
                    + "Marshaller")
            .getDeclaredField("SDK_OPERATION_BINDING");
    binding.setAccessible(true);
    OperationInfo info = (OperationInfo) binding.get(null);
    return new Operation(
        simpleName.substring(0, simpleName.length() - "Request".length()),
        request,
        methodName,
        info.httpMethod().name(),
        info.requestUri(),
        info.operationIdentifier(),
        info.apiVersion(),
        new NewBuilder(request),
        invoker);
  }

  /** Calls a method; finds out how when first asked, for most are never called. */
  private static final class Call implements Operation.Invoker {
    private final Method method;
    private volatile @Nullable MethodHandle handle;

    Call(Method method) {
      this.method = method;
    }

    @Override
    public SdkPojo invoke(Object service, SdkRequest input) throws Throwable {
      MethodHandle call = handle;
      if (call == null) {
        call =
            MethodHandles.publicLookup()
                .unreflect(method)
                .asType(MethodType.methodType(SdkPojo.class, Object.class, SdkRequest.class));
        handle = call;
      }
      return (SdkPojo) call.invokeExact(service, input);
    }
  }

  /** Makes builders; looks for the way to do so when first asked, for that loads many classes. */
  private static final class NewBuilder implements Supplier<SdkPojo> {
    private final Class<? extends SdkRequest> request;
    private volatile @Nullable MethodHandle builder;

    NewBuilder(Class<? extends SdkRequest> request) {
      this.request = request;
    }

    @Override
    public SdkPojo get() {
      try {
        MethodHandle handle = builder;
        if (handle == null) {
          handle =
              MethodHandles.publicLookup()
                  .unreflect(request.getMethod("builder"))
                  .asType(MethodType.methodType(SdkPojo.class));
          builder = handle;
        }
        return (SdkPojo) handle.invokeExact();
      } catch (Throwable e) {
        throw new IllegalStateException("the SDK gives no builder for " + request, e);
      }
    }
  }

  private static Member member(SdkField<?> field) {
    Kind kind = kind(field.marshallingType().getKnownType());
    Member element = null;
    boolean flat = false;
    String keyName = "";
    if (kind == Kind.LIST) {
      ListTrait list = field.getRequiredTrait(ListTrait.class);
      element = member(list.memberFieldInfo());
      flat = list.isFlattened();
    } else if (kind == Kind.MAP) {
      MapTrait map = field.getRequiredTrait(MapTrait.class);
      element = member(map.valueFieldInfo());
      flat = map.isFlattened();
      keyName = map.keyLocationName();
    }
    return new Member(
        field.memberName() == null ? field.locationName() : field.memberName(),
        field.locationName(),
        place(field.location()),
        kind,
        time(field.getTrait(TimestampFormatTrait.class)),
        field.containsTrait(PayloadTrait.class),
        field.containsTrait(JsonValueTrait.class),
        element,
        flat,
        keyName,
        from -> given(field.getValueOrDefault(from)),
        field::set,
        () -> field.constructor().get());
  }

  /**
   * A collection that was never set is the SDK's own empty one; an empty one that was set is not.
   */
  private static @Nullable Object given(@Nullable Object value) {
    return value instanceof SdkAutoConstructList || value instanceof SdkAutoConstructMap
        ? null
        : value;
  }

  private static Kind kind(MarshallingKnownType type) {
    return switch (type) {
      case STRING -> Kind.STRING;
      case BYTE -> Kind.BYTE;
      case SHORT -> Kind.SHORT;
      case INTEGER -> Kind.INTEGER;
      case LONG -> Kind.LONG;
      case FLOAT -> Kind.FLOAT;
      case DOUBLE -> Kind.DOUBLE;
      case BIG_DECIMAL -> Kind.BIG_DECIMAL;
      case BOOLEAN -> Kind.BOOLEAN;
      case INSTANT -> Kind.INSTANT;
      case SDK_BYTES -> Kind.BYTES;
      case SDK_POJO -> Kind.STRUCTURE;
      case LIST -> Kind.LIST;
      case MAP -> Kind.MAP;
      case DOCUMENT -> Kind.DOCUMENT;
      case NULL -> throw new IllegalStateException("a member of no type");
    };
  }

  private static Place place(MarshallLocation location) {
    return switch (location) {
      case PAYLOAD -> Place.BODY;
      case QUERY_PARAM -> Place.QUERY;
      case HEADER -> Place.HEADER;
      case PATH, GREEDY_PATH -> Place.PATH;
      case STATUS_CODE -> Place.STATUS;
    };
  }

  private static @Nullable TimeFormat time(@Nullable TimestampFormatTrait trait) {
    if (trait == null) {
      return null;
    }
    return switch (trait.format()) {
      case UNIX_TIMESTAMP -> TimeFormat.UNIX;
      case ISO_8601 -> TimeFormat.ISO_8601;
      case RFC_822 -> TimeFormat.RFC_822;
      case UNIX_TIMESTAMP_MILLIS -> throw new IllegalStateException("milliseconds are not known");
    };
  }
}
