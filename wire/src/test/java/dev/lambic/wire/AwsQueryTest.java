package dev.lambic.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lambic.http.Headers;
import dev.lambic.http.HttpRequest;
import dev.lambic.kernel.Ids;
import dev.lambic.kernel.LambicException;
import dev.lambic.kernel.Ticker;
import java.util.Objects;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.services.iam.IamClient;
import software.amazon.awssdk.services.iam.model.GetRoleRequest;
import software.amazon.awssdk.services.iam.model.GetRoleResponse;

/** What a form may cost, before its sender is known and afterwards. */
final class AwsQueryTest {
  private static final RouteTable ROUTES = new RouteTable(SdkBinding.operations(IamClient.class));
  private static final AwsQuery PROTOCOL = new AwsQuery(ConstraintData.NONE);

  private final ConcurrentLinkedQueue<Throwable> faults = new ConcurrentLinkedQueue<>();
  private final AtomicInteger built = new AtomicInteger();

  private static final class Roles implements IamClient {
    @Override
    public GetRoleResponse getRole(GetRoleRequest request) {
      return GetRoleResponse.builder().role(role -> role.roleName(request.roleName())).build();
    }

    @Override
    public String serviceName() {
      return SERVICE_NAME;
    }

    @Override
    public void close() {}
  }

  @AfterEach
  void noFaults() {
    assertThat(faults).isEmpty();
  }

  private AwsEndpoint endpoint(AuthMode mode) {
    return AwsEndpoint.builder(Ticker.system(), Ids.seeded(1), (where, fault) -> faults.add(fault))
        .auth(mode, id -> null)
        .service(
            Service.query(
                "iam",
                IamClient.class,
                () -> {
                  built.incrementAndGet();
                  return new Roles();
                }))
        .build();
  }

  private static HttpRequest form(String target, String body) {
    return Recorder.request(
        "POST", target, Headers.of("Content-Type", "application/x-www-form-urlencoded"), body);
  }

  private static void read(String parameters) {
    PROTOCOL.read(
        Objects.requireNonNull(ROUTES.action("GetRole", null)),
        form("/", "Action=GetRole&RoleName=r&" + parameters));
  }

  private static void refused(String message, String parameters) {
    assertThatThrownBy(() -> read(parameters))
        .isInstanceOfSatisfying(
            LambicException.class, e -> assertThat(e.code()).isEqualTo("SerializationException"))
        .hasMessage(message);
  }

  @Test
  void namesThatBranchTooMuchAreRefused() {
    String branching =
        IntStream.range(0, 2_500)
            .mapToObj(i -> "N" + i + ".a.a.a.a.a.a.a.a=")
            .collect(Collectors.joining("&"));
    refused("Too many parameters.", branching);
    String members =
        IntStream.range(0, 9_000)
            .mapToObj(i -> "N.member." + i + "=")
            .collect(Collectors.joining("&"));
    read(members);
  }

  @Test
  void longNamesAreRefused() {
    refused("The name of a parameter is too long.", "a.".repeat(40) + "b=1");
    refused("The name of a parameter is too long.", "a".repeat(513) + "=1");
    read("a.".repeat(30) + "b=1");
  }

  @Test
  void tooManyParametersAreRefusedBeforeTheyAreParsed() {
    refused("Too many parameters.", "a=&".repeat(10_000));
    assertThatThrownBy(() -> AwsQuery.form(form("/?" + "b=&".repeat(5_000), "a=&".repeat(5_000))))
        .hasMessage("Too many parameters.");
  }

  @Test
  void theOperationIsFoundWithoutParsingTheForm() {
    String rest = "&x=%41".repeat(300_000);
    HttpRequest large = form("/?Action=No&Version=1", rest + "&%41ction=Get+Role%21&Action=Second");
    assertThat(AwsQuery.parameter(large, "Action")).isEqualTo("Get Role!");
    assertThat(AwsQuery.parameter(large, "Version")).isEqualTo("1");
    assertThat(AwsQuery.parameter(large, "Absent")).isNull();
    assertThat(AwsQuery.parameter(form("/", "a&Action&b"), "Action")).isEmpty();
    assertThat(AwsQuery.parameter(form("/", ""), "Action")).isNull();
    assertThatThrownBy(() -> AwsQuery.parameter(form("/", "a".repeat((2 << 20) + 1)), "Action"))
        .hasMessage("Request must be smaller than 2097152 bytes");
  }

  @Test
  void anUnsignedFormIsServedOrRefusedInItsProtocol() {
    AwsEndpoint open = endpoint(AuthMode.ACCEPT);
    Answer role = Recorder.send(open, form("/", "Action=GetRole&RoleName=r"));
    assertThat(Recorder.text(role)).contains("<RoleName>r</RoleName>");
    Answer large = Recorder.send(open, form("/", "Action=GetRole" + "&a=".repeat(100_000)));
    assertThat(large.status()).isEqualTo(400);
    assertThat(Recorder.text(large)).contains("<Message>Too many parameters.</Message>");
  }

  @Test
  void whereEverybodyMustSignAnUnsignedFormIsNotLookedInto() {
    AwsEndpoint strict = endpoint(AuthMode.ENFORCE);
    Answer answer = Recorder.send(strict, form("/", "Action=GetRole&RoleName=r"));
    assertThat(answer.status()).isEqualTo(403);
    assertThat(Recorder.text(answer)).contains("<Code>MissingAuthenticationToken</Code>");
    assertThat(built).hasValue(0);
    // Nor is it measured.
    Answer large = Recorder.send(strict, form("/", "Action=" + "a".repeat(3 << 20)));
    assertThat(large.status()).isEqualTo(403);
  }
}
