package dev.lambic.services;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lambic.http.HttpConfig;
import dev.lambic.http.HttpServer;
import dev.lambic.kernel.Ids;
import dev.lambic.kernel.Ticker;
import dev.lambic.store.Records;
import dev.lambic.store.SqliteRecords;
import dev.lambic.wire.AccessKey;
import dev.lambic.wire.AuthMode;
import dev.lambic.wire.AwsEndpoint;
import dev.lambic.wire.Caller;
import dev.lambic.wire.Service;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.IntStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.credentials.AwsSessionCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.iam.IamClient;
import software.amazon.awssdk.services.iam.model.AttachedPolicy;
import software.amazon.awssdk.services.iam.model.Policy;
import software.amazon.awssdk.services.iam.model.PolicyVersion;
import software.amazon.awssdk.services.iam.model.Role;
import software.amazon.awssdk.services.iam.model.Tag;
import software.amazon.awssdk.services.sts.StsClient;
import software.amazon.awssdk.services.sts.model.AssumeRoleResponse;
import software.amazon.awssdk.services.sts.model.Credentials;
import software.amazon.awssdk.services.sts.model.GetCallerIdentityResponse;

/** The SDK's own clients of IAM and STS over a socket; answers as recorded from AWS. */
final class IamServiceTest {
  private static final String ACCOUNT = "123456789012";
  private static final String ROOT = "arn:aws:iam::" + ACCOUNT + ":root";
  private static final String FOR_LAMBDA =
      """
      {"Version":"2012-10-17","Statement":[{"Effect":"Allow",
       "Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}\
      """;
  private static final String FOR_ACCOUNT =
      """
      {"Version":"2012-10-17","Statement":{"Effect":"Allow",
       "Principal":{"AWS":"123456789012"},"Action":["sts:AssumeRole","sts:TagSession"]}}\
      """;
  private static final String READS =
      """
      {"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:Get*",
       "Resource":"arn:aws:s3:::b/a%3Ab*~+ü"}]}\
      """;

  @TempDir private Path directory;
  private final ConcurrentLinkedQueue<Throwable> faults = new ConcurrentLinkedQueue<>();
  private final Map<String, AccessKey> keys = new ConcurrentHashMap<>();
  private Records records;
  private Iam state;
  private HttpServer server;
  private URI address;
  private IamClient iam;
  private StsClient sts;

  @BeforeEach
  void start() throws IOException {
    keys.put("AKIATEST", AccessKey.ofAccount("secret", ACCOUNT));
    records = SqliteRecords.open(directory.resolve("records.db"));
    state = new Iam(records, Ticker.system(), Ids.secure());
    server = HttpServer.start(1, (where, fault) -> faults.add(fault));
    AwsEndpoint endpoint =
        AwsEndpoint.builder(Ticker.system(), Ids.secure(), (where, fault) -> faults.add(fault))
            .auth(AuthMode.ENFORCE, keys::get)
            .service(Service.query("iam", IamClient.class, () -> new IamService(state)))
            .service(
                Service.query("sts", StsClient.class, () -> new StsService(state, this::begin)))
            .build();
    InetSocketAddress bound =
        server
            .listen(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                HttpConfig.standard(),
                endpoint)
            .address();
    address = URI.create("http://127.0.0.1:" + bound.getPort());
    AwsCredentials own = AwsBasicCredentials.create("AKIATEST", "secret");
    iam =
        IamClient.builder()
            .endpointOverride(address)
            .region(Region.AWS_GLOBAL)
            .credentialsProvider(StaticCredentialsProvider.create(own))
            .overrideConfiguration(o -> o.retryStrategy(AwsRetryStrategy.doNotRetry()))
            .build();
    sts = sts(own);
  }

  private StsClient sts(AwsCredentials credentials) {
    return StsClient.builder()
        .endpointOverride(address)
        .region(Region.EU_WEST_1)
        .credentialsProvider(StaticCredentialsProvider.create(credentials))
        .overrideConfiguration(o -> o.retryStrategy(AwsRetryStrategy.doNotRetry()))
        .build();
  }

  private Sessions.Session begin(@Nullable String by, String account, String arn, Instant expires) {
    String id = "ASIA" + keys.size();
    keys.put(id, new AccessKey("secret of " + id, account, arn, "token of " + id, expires));
    assertThat(by).isNotNull();
    return new Sessions.Session(id, "secret of " + id, "token of " + id);
  }

  @AfterEach
  void stop() {
    iam.close();
    sts.close();
    server.close();
    records.close();
    assertThat(faults).isEmpty();
  }

  private static void refused(int status, String code, String message, ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            AwsServiceException.class,
            e -> {
              assertThat(e.awsErrorDetails().errorMessage()).isEqualTo(message);
              assertThat(e.awsErrorDetails().errorCode()).isEqualTo(code);
              assertThat(e.statusCode()).isEqualTo(status);
              assertThat(e.requestId()).isNotEmpty();
            });
  }

  private Role create(String name) {
    return iam.createRole(r -> r.roleName(name).assumeRolePolicyDocument(FOR_LAMBDA)).role();
  }

  private static String decoded(String document) {
    return URLDecoder.decode(document.replace("+", "%2B"), StandardCharsets.UTF_8);
  }

  @Test
  void aRoleLivesAsOnAws() {
    Role made =
        iam.createRole(r ->
                r.roleName("orders")
                    .path("/shop/")
                    .assumeRolePolicyDocument(FOR_LAMBDA)
                    .tags(Tag.builder().key("test").value("value").build()))
            .role();
    assertThat(made.arn()).isEqualTo("arn:aws:iam::123456789012:role/shop/orders");
    assertThat(made.roleId()).matches("AROA[A-Z2-7]{17}");
    assertThat(made.maxSessionDuration()).isNull();
    assertThat(made.roleLastUsed()).isNull();
    assertThat(made.tags()).extracting(Tag::key).containsExactly("test");
    assertThat(decoded(made.assumeRolePolicyDocument())).isEqualTo(FOR_LAMBDA);
    assertThat(made.assumeRolePolicyDocument()).doesNotContain("*", "+", "\"", " ");

    Role got = iam.getRole(r -> r.roleName("orders")).role();
    assertThat(got.maxSessionDuration()).isEqualTo(3600);
    assertThat(got.roleLastUsed()).isNotNull();
    assertThat(got.createDate()).isEqualTo(made.createDate());
    assertThat(got.tags()).hasSize(1);
    assertThat(iam.listRoles(r -> r.pathPrefix("/shop/")).roles())
        .singleElement()
        .satisfies(listed -> {
          assertThat(listed.maxSessionDuration()).isEqualTo(3600);
          assertThat(listed.hasTags()).isFalse();
          assertThat(listed.roleLastUsed()).isNull();
        });
    assertThat(iam.listRoles(r -> r.pathPrefix("/other/")).roles()).isEmpty();

    iam.updateRole(r -> r.roleName("orders").description("takes orders").maxSessionDuration(7200));
    iam.updateAssumeRolePolicy(r -> r.roleName("orders").policyDocument(FOR_ACCOUNT));
    iam.tagRole(r -> r.roleName("orders").tags(Tag.builder().key("TEST").value("2").build()));
    iam.untagRole(r -> r.roleName("orders").tagKeys("absent"));
    Role changed = iam.getRole(r -> r.roleName("orders")).role();
    assertThat(changed.description()).isEqualTo("takes orders");
    assertThat(changed.maxSessionDuration()).isEqualTo(7200);
    assertThat(decoded(changed.assumeRolePolicyDocument())).isEqualTo(FOR_ACCOUNT);
    assertThat(iam.listRoleTags(r -> r.roleName("orders")).tags())
        .singleElement()
        .isEqualTo(Tag.builder().key("TEST").value("2").build());
    assertThat(iam.listInstanceProfilesForRole(r -> r.roleName("orders")).instanceProfiles())
        .isEmpty();
    iam.deleteRole(r -> r.roleName("orders"));
    refused(
        404,
        "NoSuchEntity",
        "The role with name orders cannot be found.",
        () -> iam.getRole(r -> r.roleName("orders")));
  }

  @Test
  void whatIsWrongIsRefusedInTheWordsOfIam() {
    create("one");
    refused(409, "EntityAlreadyExists", "Role with name ONE already exists.", () -> create("ONE"));
    for (String document : List.of("{", "[]", "x", "{\"Statement\":[]} {}")) {
      refused(
          400,
          "MalformedPolicyDocument",
          "This policy contains invalid Json",
          () -> iam.createRole(r -> r.roleName("x").assumeRolePolicyDocument(document)));
    }
    refused(
        400,
        "MalformedPolicyDocument",
        "Syntax errors in policy.",
        () -> iam.updateAssumeRolePolicy(r -> r.roleName("one").policyDocument("{\"a\":1}")));
    refused(
        400,
        "ValidationError",
        "1 validation error detected: Value at 'roleName' failed to satisfy constraint: Member must"
            + " satisfy regular expression pattern: [\\w+=,.@-]+",
        () -> create("a b"));
    refused(
        404,
        "NoSuchEntity",
        "The user with name non-existent-user cannot be found.",
        () -> iam.getUser(r -> r.userName("non-existent-user")));
    assertThat(iam.getUser().user().arn()).isEqualTo(ROOT);
    refused(
        404,
        "NoSuchEntity",
        "Policy arn:aws:iam::123456789012:policy/none was not found.",
        () -> iam.deletePolicy(r -> r.policyArn("arn:aws:iam::123456789012:policy/none")));
    refused(400, "ValidationError", "Invalid Marker.", () -> iam.listRoles(r -> r.marker("!")));
    assertThatThrownBy(() -> iam.createUser(r -> r.userName("u")))
        .isInstanceOfSatisfying(
            AwsServiceException.class, e -> assertThat(e.statusCode()).isEqualTo(501));
  }

  @Test
  void aRolesPoliciesAreItsOwnAndAttachedOnes() {
    create("r");
    iam.putRolePolicy(p -> p.roleName("r").policyName("reads").policyDocument(READS));
    String document = iam.getRolePolicy(p -> p.roleName("r").policyName("reads")).policyDocument();
    assertThat(decoded(document)).isEqualTo(READS);
    assertThat(document).contains("%253A").contains("%2A~%2B%C3%BC");
    assertThat(iam.listRolePolicies(p -> p.roleName("r")).policyNames()).containsExactly("reads");
    refused(
        409,
        "DeleteConflict",
        "Cannot delete entity, must delete policies first.",
        () -> iam.deleteRole(r -> r.roleName("r")));
    iam.deleteRolePolicy(p -> p.roleName("r").policyName("reads"));
    refused(
        404,
        "NoSuchEntity",
        "The role policy with name reads cannot be found.",
        () -> iam.getRolePolicy(p -> p.roleName("r").policyName("reads")));

    String basic = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole";
    iam.attachRolePolicy(p -> p.roleName("r").policyArn(basic));
    iam.attachRolePolicy(p -> p.roleName("r").policyArn(basic));
    assertThat(iam.listAttachedRolePolicies(p -> p.roleName("r")).attachedPolicies())
        .containsExactly(
            AttachedPolicy.builder()
                .policyName("AWSLambdaBasicExecutionRole")
                .policyArn(basic)
                .build());
    assertThat(
            iam.listAttachedRolePolicies(p -> p.roleName("r").pathPrefix("/x/")).attachedPolicies())
        .isEmpty();
    refused(
        409,
        "DeleteConflict",
        "Cannot delete entity, must detach all policies first.",
        () -> iam.deleteRole(r -> r.roleName("r")));
    iam.detachRolePolicy(p -> p.roleName("r").policyArn(basic));
    String absent = "arn:aws:iam::123456789012:policy/absent";
    refused(
        404,
        "NoSuchEntity",
        "Policy " + absent + " was not found.",
        () -> iam.detachRolePolicy(p -> p.roleName("r").policyArn(absent)));
    refused(
        404,
        "NoSuchEntity",
        "Policy " + absent + " does not exist or is not attachable.",
        () -> iam.attachRolePolicy(p -> p.roleName("r").policyArn(absent)));
  }

  @Test
  void aManagedPolicyHasVersions() {
    Policy made =
        iam.createPolicy(p -> p.policyName("reads").policyDocument(READS).description("d"))
            .policy();
    String arn = made.arn();
    assertThat(arn).isEqualTo("arn:aws:iam::123456789012:policy/reads");
    assertThat(made.policyId()).matches("ANPA[A-Z2-7]{17}");
    assertThat(made.defaultVersionId()).isEqualTo("v1");
    assertThat(made.attachmentCount()).isZero();
    create("r");
    iam.attachRolePolicy(r -> r.roleName("r").policyArn(arn));
    Policy got = iam.getPolicy(p -> p.policyArn(arn)).policy();
    assertThat(got.attachmentCount()).isEqualTo(1);
    assertThat(got.description()).isEqualTo("d");
    assertThat(iam.listEntitiesForPolicy(p -> p.policyArn(arn)).policyRoles())
        .singleElement()
        .satisfies(role -> assertThat(role.roleName()).isEqualTo("r"));
    refused(
        409,
        "DeleteConflict",
        "Cannot delete a policy attached to entities.",
        () -> iam.deletePolicy(p -> p.policyArn(arn)));

    for (int i = 2; i <= 5; i++) {
      boolean last = i == 5;
      PolicyVersion version =
          iam.createPolicyVersion(p -> p.policyArn(arn).policyDocument(READS).setAsDefault(last))
              .policyVersion();
      assertThat(version.versionId()).isEqualTo("v" + i);
      assertThat(version.isDefaultVersion()).isEqualTo(last);
      assertThat(version.document()).isNull();
    }
    refused(
        409,
        "LimitExceeded",
        "A managed policy can have up to 5 versions. Before you create a new version, you must"
            + " delete an existing version.",
        () -> iam.createPolicyVersion(p -> p.policyArn(arn).policyDocument(READS)));
    refused(
        409,
        "DeleteConflict",
        "Cannot delete the default version of a policy.",
        () -> iam.deletePolicyVersion(p -> p.policyArn(arn).versionId("v5")));
    iam.deletePolicyVersion(p -> p.policyArn(arn).versionId("v4"));
    assertThat(iam.createPolicyVersion(p -> p.policyArn(arn).policyDocument(READS)).policyVersion())
        .satisfies(version -> assertThat(version.versionId()).isEqualTo("v6"));
    iam.setDefaultPolicyVersion(p -> p.policyArn(arn).versionId("v2"));
    assertThat(iam.listPolicyVersions(p -> p.policyArn(arn)).versions())
        .extracting(version -> version.versionId() + version.isDefaultVersion())
        .containsExactly("v6false", "v5false", "v3false", "v2true", "v1false");
    assertThat(
            decoded(
                iam.getPolicyVersion(p -> p.policyArn(arn).versionId("v6"))
                    .policyVersion()
                    .document()))
        .isEqualTo(READS);
    iam.detachRolePolicy(r -> r.roleName("r").policyArn(arn));
    for (String version : List.of("v6", "v5", "v3", "v1")) {
      iam.deletePolicyVersion(p -> p.policyArn(arn).versionId(version));
    }
    assertThat(iam.listPolicies(p -> p.scope("Local")).policies()).hasSize(1);
    iam.deletePolicy(p -> p.policyArn(arn));
    assertThat(iam.listPolicies(p -> {}).policies()).isEmpty();
  }

  @Test
  void listsComeInPages() {
    IntStream.range(0, 5).forEach(i -> create("role-" + i));
    assertThat(iam.listRolesPaginator(r -> r.maxItems(2)).roles())
        .extracting(Role::roleName)
        .containsExactly("role-0", "role-1", "role-2", "role-3", "role-4");
    assertThat(iam.listRoles(r -> r.maxItems(5)).isTruncated()).isFalse();
  }

  @Test
  void everythingIsThereAgainAfterARestart() {
    create("kept");
    create("gone");
    iam.putRolePolicy(p -> p.roleName("kept").policyName("own").policyDocument(READS));
    String arn =
        iam.createPolicy(p -> p.policyName("managed").policyDocument(READS)).policy().arn();
    iam.attachRolePolicy(r -> r.roleName("kept").policyArn(arn));
    iam.createPolicyVersion(p -> p.policyArn(arn).policyDocument(READS));
    iam.deletePolicyVersion(p -> p.policyArn(arn).versionId("v2"));
    iam.deleteRole(r -> r.roleName("gone"));
    Iam again = new Iam(records, Ticker.system(), Ids.secure());
    assertThat(again.roles(ACCOUNT)).isEqualTo(state.roles(ACCOUNT)).hasSize(1);
    assertThat(again.policies(ACCOUNT)).isEqualTo(state.policies(ACCOUNT)).hasSize(1);
    assertThat(again.policies(ACCOUNT).getFirst().lastVersion()).isEqualTo(2);
    assertThat(again.roles("000000000000")).isEmpty();
  }

  @Test
  void aTrustPolicyDecidesWhetherLambdaMayAssumeTheRole() {
    String arn = create("trusting").arn();
    String other =
        iam.createRole(r -> r.roleName("other").assumeRolePolicyDocument(FOR_ACCOUNT)).role().arn();
    assertThat(state.trust(arn, "lambda.amazonaws.com")).isEqualTo(Iam.Trust.ALLOWED);
    assertThat(state.trust(arn, "ec2.amazonaws.com")).isEqualTo(Iam.Trust.REFUSED);
    assertThat(state.trust(other, "lambda.amazonaws.com")).isEqualTo(Iam.Trust.REFUSED);
    assertThat(state.trust(arn + "2", "lambda.amazonaws.com")).isEqualTo(Iam.Trust.UNKNOWN);
    assertThat(state.trust("anything", "lambda.amazonaws.com")).isEqualTo(Iam.Trust.UNKNOWN);
    String denied =
        FOR_LAMBDA.replace(
            "]}", ",{\"Effect\":\"Deny\",\"Principal\":\"*\",\"Action\":\"sts:*\"}]}");
    iam.updateAssumeRolePolicy(r -> r.roleName("trusting").policyDocument(denied));
    assertThat(state.trust(arn, "lambda.amazonaws.com")).isEqualTo(Iam.Trust.REFUSED);
  }

  @Test
  void stsSaysWhoSomebodyIs() {
    GetCallerIdentityResponse me = sts.getCallerIdentity();
    assertThat(me.account()).isEqualTo(ACCOUNT);
    assertThat(me.userId()).isEqualTo(ACCOUNT);
    assertThat(me.arn()).isEqualTo(ROOT);
    Credentials lent = sts.getSessionToken().credentials();
    try (StsClient other = sts(session(lent))) {
      assertThat(other.getCallerIdentity().arn()).isEqualTo(ROOT);
    }
    try (StsClient wrong = sts(AwsBasicCredentials.create("AKIATEST", "wrong"))) {
      assertThatThrownBy(wrong::getCallerIdentity)
          .isInstanceOfSatisfying(
              AwsServiceException.class,
              e -> assertThat(e.awsErrorDetails().errorCode()).isEqualTo("SignatureDoesNotMatch"));
    }
    try (StsClient unknown = sts(AwsBasicCredentials.create("AKIAOTHER", "secret"))) {
      refused(
          403,
          "InvalidClientTokenId",
          "The security token included in the request is invalid.",
          unknown::getCallerIdentity);
    }
  }

  private static AwsSessionCredentials session(Credentials lent) {
    return AwsSessionCredentials.create(
        lent.accessKeyId(), lent.secretAccessKey(), lent.sessionToken());
  }

  @Test
  void aRoleIsAssumedByWhomItTrusts() {
    Role role =
        iam.createRole(r -> r.roleName("assumed").assumeRolePolicyDocument(FOR_ACCOUNT)).role();
    AssumeRoleResponse answer =
        sts.assumeRole(r -> r.roleArn(role.arn()).roleSessionName("session"));
    String arn = "arn:aws:sts::123456789012:assumed-role/assumed/session";
    assertThat(answer.assumedRoleUser().arn()).isEqualTo(arn);
    assertThat(answer.assumedRoleUser().assumedRoleId()).isEqualTo(role.roleId() + ":session");
    assertThat(answer.credentials().expiration()).isAfter(Instant.now().plusSeconds(3000));
    try (StsClient assumed = sts(session(answer.credentials()))) {
      assertThat(assumed.getCallerIdentity().arn()).isEqualTo(arn);
      assertThat(assumed.getCallerIdentity().userId()).isEqualTo(role.roleId() + ":session");
    }
    String closed = create("closed").arn();
    for (String refused : List.of(closed, closed + "-not")) {
      refused(
          403,
          "AccessDenied",
          "User: " + ROOT + " is not authorized to perform: sts:AssumeRole on resource: " + refused,
          () -> sts.assumeRole(r -> r.roleArn(refused).roleSessionName("s1")));
    }
    for (String wrong :
        List.of(
            "nothing-valid-in-here",
            "arn::iam::123456789012:role/r",
            "arn:aws:::123456789012:role/r",
            "arn:aws:iam::role/r-of-no-account",
            "arn:aws:iam::123456789012:")) {
      refused(
          400,
          "ValidationError",
          wrong + " is invalid",
          () -> sts.assumeRole(r -> r.roleArn(wrong).roleSessionName("s1")));
    }
    refused(
        400,
        "ValidationError",
        "1 validation error detected: Value 'Session1:2' at 'roleSessionName' failed to satisfy"
            + " constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*",
        () -> sts.assumeRole(r -> r.roleArn(role.arn()).roleSessionName("Session1:2")));
    refused(
        400,
        "InvalidParameterValue",
        "The specified transitive tag key must be included in the requested tags.",
        () ->
            sts.assumeRole(
                r -> r.roleArn(role.arn()).roleSessionName("s1").transitiveTagKeys("k")));
  }

  @Test
  void aTransitiveTagStaysWhatItIsAlongAChainOfRoles() {
    List<String> roles = new ArrayList<>();
    for (String name : List.of("first", "second", "third")) {
      roles.add(
          iam.createRole(r -> r.roleName(name).assumeRolePolicyDocument(FOR_ACCOUNT)).role().arn());
    }
    AssumeRoleResponse first =
        sts.assumeRole(r ->
            r.roleArn(roles.get(0))
                .roleSessionName("s1")
                .tags(tag("Project", "a"), tag("free", "b"))
                .transitiveTagKeys("Project"));
    try (StsClient one = sts(session(first.credentials()))) {
      AssumeRoleResponse second =
          one.assumeRole(
              r -> r.roleArn(roles.get(1)).roleSessionName("s2").tags(tag("FREE", "other")));
      try (StsClient two = sts(session(second.credentials()))) {
        for (StsClient client : List.of(one, two)) {
          for (String key : List.of("Project", "pROJECT")) {
            refused(
                400,
                "InvalidParameterValue",
                "One of the specified transitive tag keys can't be set because it conflicts with a"
                    + " transitive tag key from the calling session.",
                () ->
                    client.assumeRole(
                        r -> r.roleArn(roles.get(2)).roleSessionName("s3").tags(tag(key, "c"))));
          }
        }
      }
    }
  }

  /** The access key of a session that hands on one tag for each of the names. */
  private String handingOn(StsService service, String by, List<String> names) throws Exception {
    return new Caller(ACCOUNT, "us-east-1", by, ROOT)
        .run(() ->
            service
                .assumeRole(r ->
                    r.roleArn("arn:aws:iam::123456789012:role/tagged")
                        .roleSessionName("session")
                        .tags(names.stream().map(name -> tag(name, "v")).toList())
                        .transitiveTagKeys(names))
                .credentials()
                .accessKeyId());
  }

  @Test
  void transitiveTagsTakeNoMoreThanTheirShareOfMemory() throws Exception {
    iam.createRole(r -> r.roleName("tagged").assumeRolePolicyDocument(FOR_ACCOUNT));
    StsService service = new StsService(state, this::begin);
    List<String> thirty = IntStream.range(0, 30).mapToObj(i -> "a" + i).toList();
    List<String> more = IntStream.range(0, 21).mapToObj(i -> "b" + i).toList();
    String first = handingOn(service, "AKIATEST", thirty);
    refused(400, "PackedPolicyTooLarge", first, service, more);
    handingOn(service, first, more.subList(0, 20));
    refused(400, "InvalidParameterValue", first, service, thirty);
    String last = "";
    for (int i = 0; i < 1_000; i++) {
      last = handingOn(service, "AKIATEST", thirty);
    }
    refused(400, "InvalidParameterValue", last, service, thirty);
    handingOn(service, first, thirty);
  }

  private void refused(int status, String code, String by, StsService service, List<String> names) {
    assertThatThrownBy(() -> handingOn(service, by, names))
        .isInstanceOfSatisfying(
            AwsServiceException.class,
            e -> {
              assertThat(e.statusCode()).isEqualTo(status);
              assertThat(e.awsErrorDetails().errorCode()).isEqualTo(code);
            });
  }

  private static software.amazon.awssdk.services.sts.model.Tag tag(String key, String value) {
    return software.amazon.awssdk.services.sts.model.Tag.builder().key(key).value(value).build();
  }

  /** Whether somebody can assume a role with these statements. */
  private boolean lets(StsClient client, @Nullable String externalId, String... statements) {
    String policy = "{\"Statement\":[" + String.join(",", statements) + "]}";
    iam.updateAssumeRolePolicy(r -> r.roleName("asked").policyDocument(policy));
    try {
      client.assumeRole(r ->
          r.roleArn("arn:aws:iam::123456789012:role/asked")
              .roleSessionName("session")
              .externalId(externalId));
      return true;
    } catch (AwsServiceException e) {
      assertThat(e.awsErrorDetails().errorCode()).isEqualTo("AccessDenied");
      return false;
    }
  }

  private static String statement(String effect, String principalActionAndCondition) {
    return ("{'Effect':'" + effect + "'," + principalActionAndCondition + "}").replace('\'', '"');
  }

  @Test
  void aConditionOpensARoleToItsOwnAccountOnly() {
    create("asked");
    keys.put("AKIASTRANGER", AccessKey.ofAccount("secret", "210987654321"));
    String anybody = "'Principal':{'AWS':'*'},'Action':'sts:Assume?ol*'";
    String organization = ",'Condition':{'StringEquals':{'aws:PrincipalOrgID':'o-1'}}";
    String others = ",'Condition':{'StringNotEquals':{'aws:PrincipalOrgID':'o-1'}}";
    String open = statement("Allow", anybody);
    String notMe = "'NotPrincipal':{'AWS':'arn:aws:iam::123456789012:root'},'Action':'sts:*'";
    String onlyTags = "'Principal':'*','NotAction':['sts:TagSession']";
    try (StsClient stranger = sts(AwsBasicCredentials.create("AKIASTRANGER", "secret"))) {
      assertThat(lets(stranger, null, open)).isTrue();
      assertThat(lets(stranger, null, statement("Allow", anybody + organization))).isFalse();
      assertThat(lets(sts, null, statement("Allow", anybody + organization))).isTrue();
      for (String denial : List.of(anybody + others, notMe, onlyTags)) {
        assertThat(lets(stranger, null, open, statement("Deny", denial))).as(denial).isFalse();
        assertThat(lets(sts, null, open, statement("Deny", denial))).as(denial).isTrue();
      }
      assertThat(lets(sts, null, open, statement("Deny", anybody))).isFalse();
      assertThat(lets(sts, null, statement("Allow", notMe), statement("Allow", onlyTags)))
          .isFalse();
    }
  }

  @Test
  void whoWasToldAnExternalIdMustSayIt() {
    create("asked");
    keys.put("AKIASTRANGER", AccessKey.ofAccount("secret", "210987654321"));
    String stranger = "'Principal':{'AWS':'210987654321'},'Action':'sts:AssumeRole'";
    String one = ",'Condition':{'StringEquals':{'sts:ExternalId':'told'}}";
    String several = ",'Condition':{'StringEquals':{'sts:externalid':['x','told']}}";
    String more =
        ",'Condition':{'StringEquals':{'sts:ExternalId':'told','aws:PrincipalOrgID':'o-1'}}";
    String other = ",'Condition':{'StringLike':{'sts:ExternalId':'told'}}";
    try (StsClient client = sts(AwsBasicCredentials.create("AKIASTRANGER", "secret"))) {
      for (String condition : List.of(one, several)) {
        String allowed = statement("Allow", stranger + condition);
        assertThat(lets(client, "told", allowed)).as(condition).isTrue();
        assertThat(lets(client, "guessed", allowed)).as(condition).isFalse();
        assertThat(lets(client, null, allowed)).as(condition).isFalse();
      }
      for (String condition : List.of(more, other)) {
        assertThat(lets(client, "told", statement("Allow", stranger + condition)))
            .as(condition)
            .isFalse();
      }
    }
  }

  @Test
  void aRoleWithAPathIsTrustedByItsArn() {
    create("asked");
    iam.createRole(r -> r.roleName("worker").path("/team/").assumeRolePolicyDocument(FOR_ACCOUNT));
    Credentials lent =
        sts.assumeRole(r ->
                r.roleArn("arn:aws:iam::123456789012:role/team/worker").roleSessionName("session"))
            .credentials();
    try (StsClient worker = sts(session(lent))) {
      for (String trusted : List.of("123456789012:role/team/worker", "123456789012:role/worker")) {
        assertThat(lets(worker, null, trusting(trusted))).as(trusted).isTrue();
        assertThat(lets(sts, null, trusting(trusted))).as(trusted).isFalse();
      }
      for (String trusted :
          List.of(
              "210987654321:role/team/worker",
              "123456789012:role/team/coworker",
              "123456789012:role/worker/team",
              "123456789012:user/team/worker")) {
        assertThat(lets(worker, null, trusting(trusted))).as(trusted).isFalse();
      }
    }
  }

  private static String trusting(String principal) {
    return statement(
        "Allow", "'Principal':{'AWS':'arn:aws:iam::" + principal + "'},'Action':'sts:AssumeRole'");
  }
}
