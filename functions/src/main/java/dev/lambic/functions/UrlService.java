package dev.lambic.functions;

import dev.lambic.kernel.Ticker;
import java.net.URI;
import java.time.temporal.ChronoUnit;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.lambda.model.Cors;
import software.amazon.awssdk.services.lambda.model.CreateFunctionUrlConfigRequest;
import software.amazon.awssdk.services.lambda.model.CreateFunctionUrlConfigResponse;
import software.amazon.awssdk.services.lambda.model.DeleteFunctionUrlConfigRequest;
import software.amazon.awssdk.services.lambda.model.DeleteFunctionUrlConfigResponse;
import software.amazon.awssdk.services.lambda.model.FunctionUrlConfig;
import software.amazon.awssdk.services.lambda.model.GetFunctionUrlConfigRequest;
import software.amazon.awssdk.services.lambda.model.GetFunctionUrlConfigResponse;
import software.amazon.awssdk.services.lambda.model.InvokeMode;
import software.amazon.awssdk.services.lambda.model.ListFunctionUrlConfigsRequest;
import software.amazon.awssdk.services.lambda.model.ListFunctionUrlConfigsResponse;
import software.amazon.awssdk.services.lambda.model.UpdateFunctionUrlConfigRequest;
import software.amazon.awssdk.services.lambda.model.UpdateFunctionUrlConfigResponse;

/**
 * The operations on function URLs, for {@link FunctionService}, whose promises are theirs too.
 *
 * <p>What is kept has no address, because that depends on where a client reaches this server.
 */
final class UrlService {
  private static final Pattern NUMERIC_HOST = Pattern.compile("\\[.*]|[0-9.]+");

  private final FunctionRegistry registry;
  private final Ticker ticker;
  private final Supplier<URI> endpoint;

  UrlService(FunctionRegistry registry, Ticker ticker, Supplier<URI> endpoint) {
    this.registry = registry;
    this.ticker = ticker;
    this.endpoint = endpoint;
  }

  CreateFunctionUrlConfigResponse create(CreateFunctionUrlConfigRequest request) {
    Target target =
        Lookup.target("CreateFunctionUrlConfig", request.functionName(), request.qualifier());
    String now = now();
    FunctionUrlConfig made =
        FunctionUrlConfig.builder()
            .functionArn(target.arn())
            .authType(request.authTypeAsString())
            .cors(orNull(request.cors()))
            .invokeMode(
                Objects.requireNonNullElse(
                    request.invokeModeAsString(), InvokeMode.BUFFERED.toString()))
            .creationTime(now)
            .lastModifiedTime(now)
            .build();
    registry.change(
        target.key(),
        before -> {
          FunctionImage current = requirePlace(target, before);
          if (Configurations.isPerTenant(current.latest())) {
            throw Errors.invalid(
                "Function URLs are not supported for functions with tenancy configuration.");
          }
          if (current.attached(Kind.URL, place(target)) != null) {
            throw Errors.conflict(
                "Failed to create function url config for [functionArn = "
                    + target.arn()
                    + "]. Error message:  FunctionUrlConfig exists for this Lambda function");
          }
          return current.withAttachments(current.attachments().with(Kind.URL, place(target), made));
        });
    return Shown.in(
        CreateFunctionUrlConfigResponse.builder(), shown(target.key(), place(target), made));
  }

  UpdateFunctionUrlConfigResponse update(UpdateFunctionUrlConfigRequest request) {
    Target target =
        Lookup.target("UpdateFunctionUrlConfig", request.functionName(), request.qualifier());
    FunctionImage after =
        registry.change(
            target.key(),
            before -> {
              FunctionImage current = requirePlace(target, before);
              FunctionUrlConfig.Builder changed = require(target, current).toBuilder();
              if (request.authTypeAsString() != null) {
                changed.authType(request.authTypeAsString());
              }
              if (request.cors() != null) {
                changed.cors(orNull(request.cors()));
              }
              if (request.invokeModeAsString() != null) {
                changed.invokeMode(request.invokeModeAsString());
              }
              return current.withAttachments(
                  current
                      .attachments()
                      .with(Kind.URL, place(target), changed.lastModifiedTime(now()).build()));
            });
    return Shown.in(
        UpdateFunctionUrlConfigResponse.builder(),
        shown(target.key(), place(target), require(target, after)));
  }

  GetFunctionUrlConfigResponse get(GetFunctionUrlConfigRequest request) {
    Target target =
        Lookup.target("GetFunctionUrlConfig", request.functionName(), request.qualifier());
    return Shown.in(
        GetFunctionUrlConfigResponse.builder(),
        shown(target.key(), place(target), require(target, registry.find(target.key()))));
  }

  DeleteFunctionUrlConfigResponse delete(DeleteFunctionUrlConfigRequest request) {
    Target target =
        Lookup.target("DeleteFunctionUrlConfig", request.functionName(), request.qualifier());
    registry.change(
        target.key(),
        before -> {
          require(target, before);
          FunctionImage current = Objects.requireNonNull(before);
          return current.withAttachments(current.attachments().without(Kind.URL, place(target)));
        });
    return DeleteFunctionUrlConfigResponse.builder().build();
  }

  ListFunctionUrlConfigsResponse list(ListFunctionUrlConfigsRequest request) {
    Target target = Lookup.target("ListFunctionUrlConfigs", request.functionName(), null);
    FunctionImage function = registry.find(target.key());
    if (function == null) {
      throw noFunction();
    }
    TreeMap<String, FunctionUrlConfig> shown = new TreeMap<>();
    function
        .attachments()
        .all(Kind.URL)
        .forEach((place, config) -> shown.put(place, shown(target.key(), place, config)));
    QualifierPages<FunctionUrlConfig> page =
        QualifierPages.page(shown, request.marker(), request.maxItems());
    return ListFunctionUrlConfigsResponse.builder()
        .functionUrlConfigs(page.items())
        .nextMarker(page.next())
        .build();
  }

  private static String place(Target target) {
    return target.qualifier() == null ? Attachments.FUNCTION : target.qualifier();
  }

  /** The function, if it has the alias that is meant. The wire lets no version pass. */
  private static FunctionImage requirePlace(Target target, @Nullable FunctionImage function) {
    String alias = target.qualifier();
    if (function == null || (alias != null && function.attached(Kind.ALIAS, alias) == null)) {
      throw noFunction();
    }
    return function;
  }

  private static FunctionUrlConfig require(Target target, @Nullable FunctionImage function) {
    FunctionUrlConfig config = function == null ? null : function.attached(Kind.URL, place(target));
    if (config == null) {
      throw Errors.notFound("The resource you requested does not exist.");
    }
    return config;
  }

  private static RuntimeException noFunction() {
    return Errors.notFound("Function does not exist");
  }

  /** No settings are the same as none at all. */
  private static @Nullable Cors orNull(@Nullable Cors cors) {
    return cors == null || cors.equals(Cors.builder().build()) ? null : cors;
  }

  private String now() {
    return ticker.instant().truncatedTo(ChronoUnit.MICROS).toString();
  }

  private FunctionUrlConfig shown(FunctionKey key, String place, FunctionUrlConfig config) {
    return config.toBuilder().functionUrl(address(key, place)).build();
  }

  /** Where the client that is being served reaches the function. */
  private String address(FunctionKey key, String place) {
    URI base = endpoint.get();
    String host = base.getHost();
    // An address of digits has no names below it, while everybody's localhost has.
    String parent = host == null || NUMERIC_HOST.matcher(host).matches() ? "localhost" : host;
    return base.getScheme()
        + "://"
        + UrlId.of(key, place)
        + ".lambda-url."
        + key.region()
        + "."
        + parent
        + (base.getPort() < 0 ? "" : ":" + base.getPort())
        + "/";
  }
}
