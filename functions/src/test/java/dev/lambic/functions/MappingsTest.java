package dev.lambic.functions;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lambic.wire.JsonCodec;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.core.SdkPojo;
import software.amazon.awssdk.services.lambda.model.CreateEventSourceMappingRequest;
import software.amazon.awssdk.services.lambda.model.CreateEventSourceMappingResponse;
import software.amazon.awssdk.services.lambda.model.EndPointType;
import software.amazon.awssdk.services.lambda.model.EventSourceMappingConfiguration;
import software.amazon.awssdk.services.lambda.model.Filter;
import software.amazon.awssdk.services.lambda.model.GetEventSourceMappingResponse;
import software.amazon.awssdk.services.lambda.model.ListEventSourceMappingsResponse;
import software.amazon.awssdk.services.lambda.model.SourceAccessConfiguration;
import software.amazon.awssdk.services.lambda.model.UpdateEventSourceMappingRequest;
import software.amazon.awssdk.services.lambda.model.UpdateFunctionCodeRequest;

/** Event source mappings as they are made, shown, changed and deleted. */
class MappingsTest {
  private static final String QUEUE = "arn:aws:sqs:us-east-1:111111111111:queue";
  private static final String STREAM =
      "arn:aws:dynamodb:us-east-1:111111111111:table/t/stream/2025-11-25T03:20:35.000";
  private static final String KINESIS = "arn:aws:kinesis:us-east-1:111111111111:stream/s";
  private static final String SECRET = "arn:aws:secretsmanager:us-east-1:111111111111:secret:x";
  private static final SourceAccessConfiguration PASSWORD =
      SourceAccessConfiguration.builder().type("BASIC_AUTH").uri(SECRET).build();

  @TempDir private Path directory;
  private World world;

  @BeforeEach
  void open() {
    world = new World(directory);
    world.create("fn");
  }

  @AfterEach
  void close() {
    world.close();
  }

  @Test
  void aQueueHasThoseMembers() {
    CreateEventSourceMappingResponse made = create(r -> r.eventSourceArn(QUEUE));
    assertThat(json(made))
        .isEqualTo(
            expected(
                made.uuid(),
                "{'UUID':'*','BatchSize':10,'MaximumBatchingWindowInSeconds':0,'EventSourceArn':'"
                    + QUEUE
                    + "','FunctionArn':'"
                    + World.ARN
                    + "fn','State':'Creating','StateTransitionReason':'USER_INITIATED',"
                    + "'FunctionResponseTypes':[],'EventSourceMappingArn':"
                    + "'arn:aws:lambda:us-east-1:111111111111:event-source-mapping:*'}"));
    assertThat(made.lastModified()).isEqualTo(get(made.uuid()).lastModified());
    world.settle();
    assertThat(get(made.uuid()).state()).isEqualTo("Enabled");
  }

  @Test
  void aStreamHasThoseMembers() {
    CreateEventSourceMappingResponse made =
        create(r -> r.eventSourceArn(STREAM).startingPosition("TRIM_HORIZON").batchSize(1));
    assertThat(json(made))
        .isEqualTo(
            expected(
                made.uuid(),
                "{'UUID':'*','StartingPosition':'TRIM_HORIZON','BatchSize':1,"
                    + "'MaximumBatchingWindowInSeconds':0,'ParallelizationFactor':1,"
                    + "'EventSourceArn':'"
                    + STREAM
                    + "','FunctionArn':'"
                    + World.ARN
                    + "fn','LastProcessingResult':'No records processed','State':'Creating',"
                    + "'StateTransitionReason':'User action','DestinationConfig':{'OnFailure':{}},"
                    + "'MaximumRecordAgeInSeconds':-1,'BisectBatchOnFunctionError':false,"
                    + "'MaximumRetryAttempts':-1,'TumblingWindowInSeconds':0,"
                    + "'FunctionResponseTypes':[],'EventSourceMappingArn':"
                    + "'arn:aws:lambda:us-east-1:111111111111:event-source-mapping:*'}"));
  }

  @Test
  void selfManagedKafkaHasThoseMembers() {
    CreateEventSourceMappingResponse made = create(kafka("kafka:1000", "topic"));
    assertThat(json(made))
        .isEqualTo(
            expected(
                made.uuid(),
                "{'UUID':'*','StartingPosition':'TRIM_HORIZON','BatchSize':100,'FunctionArn':'"
                    + World.ARN
                    + "fn','LastProcessingResult':'No records processed','State':'Creating',"
                    + "'StateTransitionReason':'USER_INITIATED','Topics':['topic'],"
                    + "'SourceAccessConfigurations':[{'Type':'BASIC_AUTH','URI':'"
                    + SECRET
                    + "'}],'SelfManagedEventSource':{'Endpoints':{'KAFKA_BOOTSTRAP_SERVERS':"
                    + "['kafka:1000']}},'SelfManagedKafkaEventSourceConfig':"
                    + "{'ConsumerGroupId':'*'},'EventSourceMappingArn':"
                    + "'arn:aws:lambda:us-east-1:111111111111:event-source-mapping:*'}"));
  }

  @Test
  void otherSourcesHaveTheirDefaults() {
    CreateEventSourceMappingResponse msk =
        create(r ->
            r.eventSourceArn("arn:aws:kafka:us-east-1:111111111111:cluster/c/1-2")
                .topics("topic")
                .startingPosition("LATEST"));
    assertThat(msk.amazonManagedKafkaEventSourceConfig().consumerGroupId()).isEqualTo(msk.uuid());
    assertThat(msk.maximumBatchingWindowInSeconds()).isNull();
    CreateEventSourceMappingResponse mq =
        create(r ->
            r.eventSourceArn("arn:aws:mq:us-east-1:111111111111:broker:b:b-1")
                .queues("q")
                .sourceAccessConfigurations(List.of(PASSWORD)));
    assertThat(mq.batchSize()).isEqualTo(100);
    assertThat(mq.hasFunctionResponseTypes()).isFalse();
    CreateEventSourceMappingResponse documents =
        create(r ->
            r.eventSourceArn("arn:aws:rds:us-east-1:111111111111:cluster:docs")
                .startingPosition("LATEST")
                .documentDBEventSourceConfig(c -> c.databaseName("db"))
                .sourceAccessConfigurations(List.of(PASSWORD)));
    assertThat(documents.documentDBEventSourceConfig().fullDocumentAsString()).isEqualTo("Default");
  }

  @Test
  void everyTransitionOfTheTableHappens() {
    String uuid = create(r -> r.eventSourceArn(QUEUE).enabled(false)).uuid();
    assertThat(state(uuid)).isEqualTo("Creating");
    world.settle();
    assertThat(state(uuid)).isEqualTo("Disabled");
    change(uuid, "Updating", "Disabled", r -> r.batchSize(5));
    change(uuid, "Enabling", "Enabled", r -> r.enabled(true));
    change(uuid, "Updating", "Enabled", r -> r.enabled(true));
    change(uuid, "Disabling", "Disabled", r -> r.enabled(false));
    delete(uuid);
    String other = create(r -> r.eventSourceArn(QUEUE)).uuid();
    world.settle();
    assertThat(state(other)).isEqualTo("Enabled");
    delete(other);
    assertThat(MappingState.TABLE.untaken()).isEmpty();
  }

  @Test
  void nothingIsChangedWhileSomethingIsOnItsWay() {
    String uuid = create(r -> r.eventSourceArn(QUEUE)).uuid();
    assertThat(world.error(l -> l.updateEventSourceMapping(r -> r.uuid(uuid).batchSize(2))))
        .isEqualTo(
            "400 ResourceInUseException: Cannot update the event source mapping because it is in"
                + " use.");
    assertThat(world.error(l -> l.deleteEventSourceMapping(r -> r.uuid(uuid))))
        .isEqualTo(
            "400 ResourceInUseException: Cannot delete the event source mapping because it is in"
                + " use.");
  }

  @Test
  void emptySettingsTakeSettingsAway() {
    String uuid =
        create(r ->
                r.eventSourceArn(QUEUE)
                    .kmsKeyArn("arn:aws:kms:us-east-1:111111111111:key/k")
                    .scalingConfig(c -> c.maximumConcurrency(5))
                    .metricsConfig(c -> c.metricsWithStrings("EventCount"))
                    .functionResponseTypesWithStrings("ReportBatchItemFailures")
                    .filterCriteria(c ->
                        c.filters(List.of(Filter.builder().pattern("{\"body\":[\"x\"]}").build()))))
            .uuid();
    world.settle();
    GetEventSourceMappingResponse full = get(uuid);
    assertThat(full.scalingConfig().maximumConcurrency()).isEqualTo(5);
    assertThat(list(QUEUE, null, null, null).eventSourceMappings().getFirst().filterCriteria())
        .isNull();
    assertThat(full.filterCriteria().filters().getFirst().pattern())
        .isEqualTo("{\"body\":[\"x\"]}");
    world.call(l ->
        l.updateEventSourceMapping(r ->
            r.uuid(uuid)
                .kmsKeyArn("")
                .scalingConfig(c -> {})
                .metricsConfig(c -> c.metricsWithStrings(List.of()))
                .functionResponseTypesWithStrings(List.of())
                .filterCriteria(c -> c.filters(List.of()))));
    world.settle();
    GetEventSourceMappingResponse bare = get(uuid);
    assertThat(bare.scalingConfig()).isNull();
    assertThat(bare.filterCriteria()).isNull();
    assertThat(bare.kmsKeyArn()).isNull();
    assertThat(bare.metricsConfig()).isNull();
    assertThat(bare.functionResponseTypes()).isEmpty();
    assertThat(bare.hasFunctionResponseTypes()).isTrue();
    assertThat(bare.batchSize()).isEqualTo(10);
  }

  @Test
  void pollersHaveDefaults() {
    CreateEventSourceMappingResponse made =
        create(r -> r.eventSourceArn(QUEUE).provisionedPollerConfig(c -> c.minimumPollers(3)));
    assertThat(made.provisionedPollerConfig().minimumPollers()).isEqualTo(3);
    assertThat(made.provisionedPollerConfig().maximumPollers()).isEqualTo(200);
  }

  @Test
  void theFunctionIsShownAsItWasNamed() {
    world.call(l -> l.updateFunctionCode(r -> publish(r.functionName("fn"))));
    world.settle();
    assertThat(create(r -> r.eventSourceArn(QUEUE)).functionArn()).isEqualTo(World.ARN + "fn");
    assertThat(create(r -> r.functionName("fn:$LATEST").eventSourceArn(QUEUE)).functionArn())
        .isEqualTo(World.ARN + "fn:$LATEST");
    String versioned = create(r -> r.functionName(World.ARN + "fn:1").eventSourceArn(QUEUE)).uuid();
    assertThat(get(versioned).functionArn()).isEqualTo(World.ARN + "fn:1");
    assertThat(list(null, "fn:1", null, null).eventSourceMappings())
        .extracting(EventSourceMappingConfiguration::uuid)
        .containsExactly(versioned);
    world.settle();
    world.call(l ->
        l.updateEventSourceMapping(r ->
            r.uuid(versioned)
                .functionName("fn:$LATEST")
                .batchSize(1)
                .maximumBatchingWindowInSeconds(2)
                .enabled(false)
                .functionName("fn:1")));
    world.settle();
    assertThat(
            world.error(l -> l.updateEventSourceMapping(r -> r.uuid(versioned).functionName("fn"))))
        .startsWith("409 ResourceConflictException: An event source mapping with SQS arn (\" ");
  }

  @Test
  void anAliasIsAFunctionToo() {
    world.call(l -> l.publishVersion(r -> r.functionName("fn")));
    world.settle();
    world.call(l -> l.createAlias(r -> r.functionName("fn").name("live").functionVersion("1")));
    CreateEventSourceMappingResponse made =
        create(r -> r.functionName("fn:live").eventSourceArn(QUEUE));
    assertThat(made.functionArn()).isEqualTo(World.ARN + "fn:live");
    assertThat(createError(r -> r.functionName("fn:none").eventSourceArn(QUEUE)))
        .isEqualTo("400 InvalidParameterValueException: Function does not exist");
  }

  @Test
  void aMappingOutlivesItsFunction() {
    String uuid = create(r -> r.eventSourceArn(QUEUE)).uuid();
    world.settle();
    world.call(l -> l.deleteFunction(r -> r.functionName("fn")));
    assertThat(state(uuid)).isEqualTo("Enabled");
    delete(uuid);
  }

  @Test
  void twinsAreRefused() {
    String queue = create(r -> r.eventSourceArn(QUEUE)).uuid();
    assertThat(createError(r -> r.eventSourceArn(QUEUE)))
        .isEqualTo(
            "409 ResourceConflictException: An event source mapping with SQS arn (\" "
                + QUEUE
                + " \") and function (\" fn \") already exists. Please update or delete the"
                + " existing mapping with UUID "
                + queue);
    String stream = create(r -> r.eventSourceArn(KINESIS).startingPosition("LATEST")).uuid();
    assertThat(createError(r -> r.eventSourceArn(KINESIS).startingPosition("TRIM_HORIZON")))
        .isEqualTo(
            "409 ResourceConflictException: The event source arn (\" "
                + KINESIS
                + " \") and function (\" fn \") provided mapping already exists. Please update or"
                + " delete the existing mapping with UUID "
                + stream);
    String kafka = create(kafka("kafka:1000", "topic")).uuid();
    create(kafka("kafka:1000", "topic_2"));
    assertThat(createError(kafka("kafka:1000,kafka:2000", "topic")))
        .isEqualTo(
            "409 ResourceConflictException: An event source mapping with event source"
                + " (\"kafka:1000,kafka:2000\"), function (\""
                + World.ARN
                + "fn\"), topics (\"topic\") already exists. Please update or delete the existing"
                + " mapping with UUID "
                + kafka);
  }

  @Test
  void listsAreFilteredAndPaged() {
    world.create("other");
    List<String> made = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      String queue = QUEUE + i;
      made.add(create(r -> r.eventSourceArn(queue)).uuid());
    }
    create(r -> r.eventSourceArn(QUEUE).functionName("other"));
    assertThat(list(null, null, null, null).eventSourceMappings()).hasSize(6);
    assertThat(list(QUEUE, "other", null, null).eventSourceMappings()).hasSize(1);
    assertThat(list(QUEUE, "fn", null, null).eventSourceMappings()).isEmpty();
    List<String> paged = new ArrayList<>();
    @Nullable String marker = null;
    do {
      ListEventSourceMappingsResponse page = list(null, "fn", marker, 2);
      page.eventSourceMappings().forEach(mapping -> paged.add(mapping.uuid()));
      marker = page.nextMarker();
    } while (marker != null);
    assertThat(paged).containsExactlyInAnyOrderElementsOf(made);
  }

  @Test
  void everythingIsThereAfterARestartAndFinished() {
    String kept = create(r -> r.eventSourceArn(QUEUE).tags(Map.of("A", "a"))).uuid();
    world.settle();
    GetEventSourceMappingResponse before = get(kept);
    String creating = create(r -> r.eventSourceArn(QUEUE + 2)).uuid();
    String deleting = create(r -> r.eventSourceArn(QUEUE + 3)).uuid();
    world.settle();
    world.call(l -> l.updateEventSourceMapping(r -> r.uuid(creating).enabled(false)));
    world.call(l -> l.deleteEventSourceMapping(r -> r.uuid(deleting)));
    world.restart();
    assertThat(get(kept)).isEqualTo(before);
    assertThat(state(creating)).isEqualTo("Disabled");
    assertThat(list(null, null, null, null).eventSourceMappings()).hasSize(2);
    String arn = before.eventSourceMappingArn();
    assertThat(world.call(l -> l.listTags(r -> r.resource(arn))).tags())
        .isEqualTo(Map.of("A", "a"));
  }

  @Test
  void valuesThatTheSdkDoesNotKnowAreKept() {
    String uuid =
        create(
                r -> {
                  kafka("kafka:1000", "topic").accept(r);
                  r.metricsConfig(m -> m.metricsWithStrings("EventCount", "MetricOfTomorrow"))
                      .loggingConfig(l -> l.systemLogLevel("LEVEL_OF_TOMORROW"));
                })
            .uuid();
    world.restart();
    assertThat(get(uuid).metricsConfig().metricsAsStrings())
        .containsExactly("EventCount", "MetricOfTomorrow");
    assertThat(get(uuid).loggingConfig().systemLogLevelAsString()).isEqualTo("LEVEL_OF_TOMORROW");
    world.settle();
    world.call(l -> l.updateEventSourceMapping(r -> r.uuid(uuid).batchSize(7)));
    assertThat(get(uuid).loggingConfig().systemLogLevelAsString()).isEqualTo("LEVEL_OF_TOMORROW");
  }

  @Test
  void tagsAreAddedReplacedAndRemoved() {
    String arn = create(r -> r.eventSourceArn(QUEUE)).eventSourceMappingArn();
    world.call(l -> l.tagResource(r -> r.resource(arn).tags(Map.of("A", "a", "B", "b"))));
    world.call(l -> l.tagResource(r -> r.resource(arn).tags(Map.of("B", "new"))));
    world.call(l -> l.untagResource(r -> r.resource(arn).tagKeys("A", "none")));
    assertThat(world.call(l -> l.listTags(r -> r.resource(arn))).tags())
        .isEqualTo(Map.of("B", "new"));
  }

  @Test
  void whoEnablesAMappingIsToldOnceThatNothingPolls() {
    List<String> notices = new ArrayList<>();
    world.service().notices(notices::add);
    create(r -> r.eventSourceArn(QUEUE).enabled(false));
    world.settle();
    assertThat(notices).isEmpty();
    create(r -> r.eventSourceArn(QUEUE + 1));
    create(r -> r.eventSourceArn(QUEUE + 2));
    world.settle();
    assertThat(notices).hasSize(1);
    assertThat(notices.getFirst()).contains("does not poll event sources yet");
  }

  private static void publish(UpdateFunctionCodeRequest.Builder request) {
    request.zipFile(Zips.handler("one")).publish(true);
  }

  private static Consumer<CreateEventSourceMappingRequest.Builder> kafka(
      String servers, String topic) {
    return r ->
        r.selfManagedEventSource(s ->
                s.endpoints(
                    Map.of(EndPointType.KAFKA_BOOTSTRAP_SERVERS, List.of(servers.split(",", -1)))))
            .topics(topic)
            .startingPosition("TRIM_HORIZON")
            .sourceAccessConfigurations(List.of(PASSWORD));
  }

  private CreateEventSourceMappingResponse create(
      Consumer<CreateEventSourceMappingRequest.Builder> settings) {
    return world.call(l -> l.createEventSourceMapping(named(settings)));
  }

  private String createError(Consumer<CreateEventSourceMappingRequest.Builder> settings) {
    return world.error(l -> l.createEventSourceMapping(named(settings)));
  }

  private static CreateEventSourceMappingRequest named(
      Consumer<CreateEventSourceMappingRequest.Builder> settings) {
    CreateEventSourceMappingRequest.Builder request =
        CreateEventSourceMappingRequest.builder().functionName("fn");
    settings.accept(request);
    return request.build();
  }

  private void change(
      String uuid,
      String during,
      String after,
      Consumer<UpdateEventSourceMappingRequest.Builder> changes) {
    assertThat(
            world
                .call(l ->
                    l.updateEventSourceMapping(r -> {
                      r.uuid(uuid);
                      changes.accept(r);
                    }))
                .state())
        .isEqualTo(during);
    assertThat(state(uuid)).isEqualTo(during);
    world.settle();
    assertThat(state(uuid)).isEqualTo(after);
  }

  private void delete(String uuid) {
    assertThat(world.call(l -> l.deleteEventSourceMapping(r -> r.uuid(uuid))).state())
        .isEqualTo("Deleting");
    assertThat(state(uuid)).isEqualTo("Deleting");
    world.settle();
    assertThat(world.error(l -> l.getEventSourceMapping(r -> r.uuid(uuid))))
        .isEqualTo("404 ResourceNotFoundException: The resource you requested does not exist.");
  }

  private String state(String uuid) {
    return get(uuid).state();
  }

  private GetEventSourceMappingResponse get(String uuid) {
    return world.call(l -> l.getEventSourceMapping(r -> r.uuid(uuid)));
  }

  private ListEventSourceMappingsResponse list(
      @Nullable String source,
      @Nullable String function,
      @Nullable String marker,
      @Nullable Integer max) {
    return world.call(l ->
        l.listEventSourceMappings(
            r -> r.eventSourceArn(source).functionName(function).marker(marker).maxItems(max)));
  }

  /** The members but for the time. */
  private static String json(SdkPojo shown) {
    String text = new String(JsonCodec.write(shown), StandardCharsets.UTF_8);
    return text.replaceAll("\"LastModified\":[^,]*,", "");
  }

  private static String expected(String uuid, String json) {
    return json.replace('\'', '"').replace("*", uuid);
  }
}
