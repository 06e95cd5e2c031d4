package dev.lambic.functions;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.services.lambda.model.EventSourceMappingConfiguration;
import software.amazon.awssdk.services.lambda.model.ResourceConflictException;
import software.amazon.awssdk.services.lambda.model.ResourceInUseException;
import software.amazon.awssdk.services.lambda.model.ResourceNotFoundException;

/** Many clients at the same and at different mappings: nothing is lost, and no twin is made. */
class ParallelMappingsTest {
  private static final int CLIENTS = 24;
  private static final int QUEUES = 6;
  private static final int ROUNDS = 8;

  @TempDir private Path directory;

  @Test
  void nothingIsLostAndNoTwinIsMade() throws Exception {
    try (World world = World.onItsOwn(directory)) {
      world.call(l -> l.createFunction(World.usual("fn")));
      Set<String> made = ConcurrentHashMap.newKeySet();
      try (ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
        List<Future<?>> all = new ArrayList<>();
        for (int i = 0; i < CLIENTS; i++) {
          int client = i;
          all.add(
              clients.submit(() -> {
                for (int round = 0; round < ROUNDS; round++) {
                  live(world, client + round, made);
                }
              }));
        }
        for (Future<?> one : all) {
          one.get(60, TimeUnit.SECONDS);
        }
      }
      List<EventSourceMappingConfiguration> left =
          world.call(l ->
              l.listEventSourceMappingsPaginator(r -> r.maxItems(2)).stream()
                  .flatMap(page -> page.eventSourceMappings().stream())
                  .toList());
      Set<String> sources = new HashSet<>();
      for (EventSourceMappingConfiguration mapping : left) {
        assertThat(sources.add(mapping.eventSourceArn())).as("only one for a queue").isTrue();
        made.remove(mapping.uuid());
      }
      for (String gone : made) {
        assertThat(world.error(l -> l.getEventSourceMapping(r -> r.uuid(gone)))).startsWith("404");
      }
    }
  }

  private static void live(World world, int seed, Set<String> made) {
    String queue = "arn:aws:sqs:us-east-1:111111111111:queue" + seed % QUEUES;
    try {
      String uuid =
          world
              .call(
                  l -> l.createEventSourceMapping(r -> r.functionName("fn").eventSourceArn(queue)))
              .uuid();
      assertThat(made.add(uuid)).as("a new UUID").isTrue();
    } catch (ResourceConflictException e) {
      String uuid = e.awsErrorDetails().errorMessage().replaceFirst(".* ", "");
      change(world, uuid, seed);
    }
  }

  private static void change(World world, String uuid, int seed) {
    try {
      if (seed % 3 == 0) {
        world.call(l -> l.deleteEventSourceMapping(r -> r.uuid(uuid)));
      } else {
        int size = 1 + seed % 10;
        assertThat(
                world
                    .call(l -> l.updateEventSourceMapping(r -> r.uuid(uuid).batchSize(size)))
                    .batchSize())
            .isEqualTo(size);
      }
    } catch (ResourceInUseException | ResourceNotFoundException e) {
      // Another client was faster.
    }
  }
}
