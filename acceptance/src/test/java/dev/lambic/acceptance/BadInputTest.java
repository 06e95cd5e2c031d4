package dev.lambic.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.lambda.model.CreateFunctionRequest;
import software.amazon.awssdk.services.lambda.model.FunctionConfiguration;
import software.amazon.awssdk.services.lambda.model.LambdaException;

/**
 * Requests that AWS refuses: the same error, and nothing has changed after it. Texts are AWS's own
 * where it has been recorded.
 */
class BadInputTest {
  private static final String UNZIP =
      "Could not unzip uploaded file. Please check your file, then try to upload again.";
  private static final String TOO_LARGE = "Unzipped size must be smaller than 262144000 bytes";
  private static final byte[] GOOD = Zip.of("app.py", "def handler(event, context): return 1");

  @RegisterExtension static final SharedLambic LAMBIC = new SharedLambic();

  private static TestFunction bystander;

  @BeforeAll
  static void deploy() {
    bystander =
        TestFunction.pythonText(
            LAMBIC.lambda(), "bystander", "def handler(event, context): return 1");
  }

  static Stream<Arguments> badPackages() {
    byte[] broken = GOOD.clone();
    Arrays.fill(broken, 35, 50, (byte) 0xff);
    return Stream.of(
        Arguments.of("no zip", "this is no zip".getBytes(StandardCharsets.UTF_8), UNZIP),
        Arguments.of("half a zip", Arrays.copyOf(GOOD, GOOD.length / 2), UNZIP),
        Arguments.of("damaged content", broken, UNZIP),
        Arguments.of("climbing name", Zip.of("../escaped.py", "x"), UNZIP),
        Arguments.of("deep climbing name", Zip.of("a/b/../../../escaped.py", "x"), UNZIP),
        Arguments.of("absolute name", Zip.of("/etc/escaped.py", "x"), UNZIP),
        Arguments.of(
            "link out", Zip.empty().file("app.py", "").link("out", "/etc/passwd").bytes(), UNZIP),
        Arguments.of(
            "climbing link", Zip.empty().link("out", "../../../etc/passwd").bytes(), UNZIP),
        Arguments.of(
            "file through a link",
            Zip.empty().link("d", "/tmp").file("d/escaped.py", "x").bytes(),
            UNZIP),
        Arguments.of(
            "file and directory", Zip.empty().file("a", "x").file("a/b", "y").bytes(), UNZIP),
        Arguments.of(
            "more than 250 MB", Zip.empty().zeros("big", (250L << 20) + 1).bytes(), TOO_LARGE),
        Arguments.of(
            "more than 250 MB in many files",
            Zip.empty().zeros("a", 130L << 20).zeros("b", 130L << 20).bytes(),
            TOO_LARGE),
        Arguments.of("a bomb that lies about its size", lyingBomb(), TOO_LARGE));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("badPackages")
  void aPackageThatIsNoGoodIsRefused(String what, byte[] zip, String message) {
    List<FunctionConfiguration> before = everything();
    LambdaException refusal = refusalOfCreate(zip, settings -> {});
    assertThat(refusal.statusCode()).isEqualTo(400);
    assertThat(refusal.awsErrorDetails().errorCode()).isEqualTo("InvalidParameterValueException");
    assertThat(refusal.awsErrorDetails().errorMessage()).isEqualTo(message);
    LambdaException update =
        refusal(() ->
            LAMBIC
                .lambda()
                .updateFunctionCode(request ->
                    request
                        .functionName(bystander.name())
                        .zipFile(SdkBytes.fromByteArrayUnsafe(zip))));
    assertThat(update.awsErrorDetails().errorMessage()).isEqualTo(message);
    assertThat(everything()).isEqualTo(before);
    assertThat(bystander.invoke("{}").payload()).isEqualTo("1");
  }

  /** An entry whose header says 10 bytes, and whose content inflates to 300 MB. */
  private static byte[] lyingBomb() {
    byte[] zeros = new byte[1 << 20];
    Deflater deflater = new Deflater(9, true);
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    byte[] buffer = new byte[1 << 16];
    CRC32 crc = new CRC32();
    for (int i = 0; i < 300; i++) {
      deflater.setInput(zeros);
      crc.update(zeros);
      while (!deflater.needsInput()) {
        packed.write(buffer, 0, deflater.deflate(buffer));
      }
    }
    deflater.finish();
    while (!deflater.finished()) {
      packed.write(buffer, 0, deflater.deflate(buffer));
    }
    deflater.end();
    byte[] name = "bomb".getBytes(StandardCharsets.UTF_8);
    ByteArrayOutputStream zip = new ByteArrayOutputStream();
    int[] header = {20, 0, 8, 0, 0};
    little(zip, 4, 0x04034b50);
    common(zip, header, crc.getValue(), packed.size(), name);
    zip.writeBytes(name);
    zip.writeBytes(packed.toByteArray());
    int directory = zip.size();
    little(zip, 4, 0x02014b50);
    little(zip, 2, 20);
    common(zip, header, crc.getValue(), packed.size(), name);
    little(zip, 2, 0);
    little(zip, 2, 0);
    little(zip, 2, 0);
    little(zip, 4, 0);
    little(zip, 4, 0);
    zip.writeBytes(name);
    int size = zip.size() - directory;
    little(zip, 4, 0x06054b50);
    little(zip, 2, 0);
    little(zip, 2, 0);
    little(zip, 2, 1);
    little(zip, 2, 1);
    little(zip, 4, size);
    little(zip, 4, directory);
    little(zip, 2, 0);
    return zip.toByteArray();
  }

  private static void common(
      ByteArrayOutputStream zip, int[] header, long crc, int packed, byte[] name) {
    for (int field : header) {
      little(zip, 2, field);
    }
    little(zip, 4, crc);
    little(zip, 4, packed);
    little(zip, 4, 10);
    little(zip, 2, name.length);
    little(zip, 2, 0);
  }

  private static void little(ByteArrayOutputStream out, int bytes, long value) {
    for (int i = 0; i < bytes; i++) {
      out.write((int) (value >> (8 * i)));
    }
  }

  @Test
  void aPackageOfMoreThan50MegabytesIsRefused() {
    byte[] zip = new byte[(50 << 20) + 1];
    List<FunctionConfiguration> before = everything();
    LambdaException refusal = refusalOfCreate(zip, settings -> {});
    assertThat(refusal.statusCode()).isEqualTo(413);
    assertThat(refusal.awsErrorDetails().errorCode()).isEqualTo("RequestEntityTooLargeException");
    assertThat(refusal.awsErrorDetails().errorMessage())
        .isEqualTo("Zipped size must be smaller than 52428800 bytes");
    assertThat(everything()).isEqualTo(before);
  }

  static Stream<Arguments> badSettings() {
    String long65 = "a".repeat(65);
    return Stream.of(
        setting(
            "unknown runtime",
            s -> s.runtime("non-existent-runtime"),
            "InvalidParameterValueException",
            "Value non-existent-runtime at 'runtime' failed to satisfy constraint: Member must"
                + " satisfy enum value set: ["),
        setting(
            "upper case runtime",
            s -> s.runtime("PYTHON3.9"),
            "InvalidParameterValueException",
            "Value PYTHON3.9 at 'runtime' failed to satisfy constraint: "),
        setting(
            "outdated runtime",
            s -> s.runtime("python3.7"),
            "InvalidParameterValueException",
            "The runtime parameter of python3.7 is no longer supported for creating or updating"
                + " AWS Lambda functions. We recommend you use a supported runtime while creating"
                + " or updating functions."),
        setting(
            "bad role",
            s -> s.role("r1"),
            "ValidationException",
            "1 validation error detected: Value 'r1' at 'role' failed to satisfy constraint: Member"
                + " must satisfy regular expression pattern: arn:(aws[a-zA-Z-]*)?:iam::\\d{12}:role/?[a-zA-Z_0-9+=,.@\\-_/]+"),
        setting(
            "handler with a space",
            s -> s.handler("app handler"),
            "ValidationException",
            "1 validation error detected: Value 'app handler' at 'handler' failed to satisfy"
                + " constraint: Member must satisfy regular expression pattern: [^\\s]+"),
        setting(
            "handler too long",
            s -> s.handler("h".repeat(129)),
            "ValidationException",
            "1 validation error detected: Value '"
                + "h".repeat(129)
                + "' at 'handler' failed to satisfy constraint: Member must have length less than"
                + " or equal to 128"),
        setting(
            "name too long",
            s -> s.functionName(long65),
            "InvalidParameterValueException",
            "1 validation error detected: Value '"
                + long65
                + "' at 'functionName' failed to satisfy constraint: Member must have length less"
                + " than or equal to 64"),
        setting(
            "much too long name",
            s -> s.functionName("a".repeat(141)),
            "ValidationException",
            "1 validation error detected: Value '"
                + "a".repeat(141)
                + "' at 'functionName' failed to satisfy constraint: Member must have length less"
                + " than or equal to 140"),
        setting(
            "name with odd letters",
            s -> s.functionName("my-function!"),
            "ValidationException",
            "1 validation error detected: Value 'my-function!' at 'functionName' failed to satisfy"
                + " constraint: Member must satisfy regular expression pattern: "),
        setting(
            "two architectures",
            s -> s.architecturesWithStrings("x86_64", "arm64"),
            "ValidationException",
            "1 validation error detected: Value '[x86_64, arm64]' at 'architectures' failed to"
                + " satisfy constraint: Member must have length less than or equal to 1"),
        setting(
            "unknown architecture",
            s -> s.architecturesWithStrings("X86_64"),
            "ValidationException",
            "1 validation error detected: Value '[X86_64]' at 'architectures' failed to satisfy"
                + " constraint: Member must satisfy constraint: [Member must satisfy enum value"
                + " set: [x86_64, arm64], Member must not be null]"),
        setting(
            "too little memory",
            s -> s.memorySize(127),
            "ValidationException",
            "1 validation error detected: Value '127' at 'memorySize' failed to satisfy constraint:"
                + " Member must have value greater than or equal to 128"),
        setting(
            "no time",
            s -> s.timeout(0),
            "ValidationException",
            "1 validation error detected: Value '0' at 'timeout' failed to satisfy constraint:"
                + " Member must have value greater than or equal to 1"),
        setting(
            "too small /tmp",
            s -> s.ephemeralStorage(storage -> storage.size(511)),
            "ValidationException",
            "1 validation error detected: Value '511' at 'ephemeralStorage.size' failed to satisfy"
                + " constraint: Member must have value greater than or equal to 512"),
        setting(
            "large variables",
            s -> s.environment(e -> e.variables(Map.of("LARGE_VAR", "x".repeat(4096)))),
            "InvalidParameterValueException",
            "Lambda was unable to configure your environment variables because the environment"
                + " variables you have provided exceeded the 4KB limit. String measured:"
                + " {\"LARGE_VAR\":\"xxx"),
        setting(
            "reserved variable",
            s -> s.environment(e -> e.variables(Map.of("AWS_SESSION_TOKEN", "x"))),
            "InvalidParameterValueException",
            "Lambda was unable to configure your environment variables because the environment"
                + " variables you have provided contains reserved keys"));
  }

  private static Arguments setting(
      String what, Consumer<CreateFunctionRequest.Builder> change, String code, String message) {
    return Arguments.of(what, change, code, message);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("badSettings")
  void aSettingThatIsNoGoodIsRefused(
      String what, Consumer<CreateFunctionRequest.Builder> change, String code, String message) {
    List<FunctionConfiguration> before = everything();
    LambdaException refusal = refusalOfCreate(GOOD, change);
    assertThat(refusal.statusCode()).isEqualTo(400);
    assertThat(refusal.awsErrorDetails().errorCode()).isEqualTo(code);
    assertThat(refusal.awsErrorDetails().errorMessage()).startsWith(message);
    assertThat(everything()).isEqualTo(before);
  }

  @Test
  void allThatIsWrongIsToldAtOnce() {
    LambdaException refusal =
        refusalOfCreate(GOOD, settings -> settings.role("r1").timeout(0).memorySize(1));
    assertThat(refusal.awsErrorDetails().errorMessage())
        .startsWith("3 validation errors detected: ")
        .contains("at 'role'", "at 'timeout'", "at 'memorySize'");
  }

  @Test
  void anEventThatIsNoJsonIsRefused() {
    LambdaException refusal = refusal(() -> bystander.invoke("{\"a\":"));
    assertThat(refusal.statusCode()).isEqualTo(400);
    assertThat(refusal.awsErrorDetails().errorCode()).isEqualTo("InvalidRequestContentException");
    assertThat(refusal.awsErrorDetails().errorMessage())
        .startsWith("Could not parse request body into json: ");
    assertThat(bystander.invoke("{}").payload()).isEqualTo("1");
  }

  @Test
  void anUnknownInvocationTypeIsRefused() {
    LambdaException refusal =
        refusal(() ->
            LAMBIC
                .lambda()
                .invoke(
                    request -> request.functionName(bystander.name()).invocationType("Sometimes")));
    assertThat(refusal.statusCode()).isEqualTo(400);
    assertThat(refusal.awsErrorDetails().errorMessage())
        .startsWith(
            "1 validation error detected: Value 'Sometimes' at 'invocationType' failed to satisfy"
                + " constraint: Member must satisfy enum value set: [");
  }

  @Test
  void anInvocationIsToldAllThatIsWrongWithNameAndQualifier() {
    String qualifier = "a".repeat(129);
    String tooLong =
        "Value '"
            + qualifier
            + "' at 'qualifier' failed to satisfy constraint: Member must have length less than or"
            + " equal to 128";
    LambdaException one =
        refusal(() ->
            LAMBIC
                .lambda()
                .invoke(request -> request.functionName(bystander.name()).qualifier(qualifier)));
    assertThat(one.statusCode()).isEqualTo(400);
    assertThat(one.awsErrorDetails().errorCode()).isEqualTo("ValidationException");
    assertThat(one.awsErrorDetails().errorMessage())
        .isEqualTo("1 validation error detected: " + tooLong);
    for (String wrong : List.of(qualifier, "invalid!")) {
      LambdaException both =
          refusal(() ->
              LAMBIC
                  .lambda()
                  .invoke(request -> request.functionName("my-function!").qualifier(wrong)));
      assertThat(both.awsErrorDetails().errorCode()).isEqualTo("ValidationException");
      assertThat(both.awsErrorDetails().errorMessage())
          .startsWith("2 validation errors detected: ")
          .contains("Value 'my-function!' at 'functionName' failed")
          .contains("Value '" + wrong + "' at 'qualifier' failed");
    }
    assertThat(bystander.invoke("{}").payload()).isEqualTo("1");
  }

  @Test
  void aQualifierThatContradictsTheNameIsRefused() {
    LambdaException refusal =
        refusal(() ->
            LAMBIC
                .lambda()
                .deleteFunction(
                    request -> request.functionName(bystander.name() + ":$LATEST").qualifier("1")));
    assertThat(refusal.awsErrorDetails().errorMessage())
        .isEqualTo(
            "The derived qualifier from the function name does not match the specified qualifier.");
    LambdaException latest =
        refusal(() ->
            LAMBIC
                .lambda()
                .deleteFunction(
                    request -> request.functionName(bystander.name()).qualifier("$LATEST")));
    assertThat(latest.awsErrorDetails().errorMessage())
        .isEqualTo("$LATEST version cannot be deleted without deleting the function.");
    assertThat(bystander.invoke("{}").payload()).isEqualTo("1");
  }

  private static LambdaException refusalOfCreate(
      byte[] zip, Consumer<CreateFunctionRequest.Builder> change) {
    CreateFunctionRequest.Builder request =
        TestFunction.request("refused", TestFunction.PYTHON, "app.handler", zip);
    change.accept(request);
    return refusal(() -> LAMBIC.lambda().createFunction(request.build()));
  }

  private static LambdaException refusal(Runnable call) {
    LambdaException refusal = catchThrowableOfType(LambdaException.class, call::run);
    assertThat(refusal).as("was not refused").isNotNull();
    return refusal;
  }

  private static List<FunctionConfiguration> everything() {
    return LAMBIC.lambda().listFunctions().functions();
  }
}
