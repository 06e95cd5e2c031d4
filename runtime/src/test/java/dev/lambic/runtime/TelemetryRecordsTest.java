package dev.lambic.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a log in JSON says that not every environment has. */
final class TelemetryRecordsTest {
  private final TelemetryRecords records =
      new TelemetryRecords("shop", "3", "stream", 128, Initialization.PROVISIONED);

  private String record(PlatformEvent event) {
    String line = records.logLine(event, Instant.EPOCH);
    return line.substring(line.indexOf("\"type\""));
  }

  @Test
  void saysThatAnEnvironmentIsMadeAhead() {
    assertThat(record(new PlatformEvent.InitStart(PlatformEvent.Phase.INIT, null, null)))
        .startsWith(
            "\"type\":\"platform.initStart\",\"record\":{"
                + "\"initializationType\":\"provisioned-concurrency\",\"phase\":\"init\",");
    assertThat(
            record(
                new PlatformEvent.InitReport(
                    PlatformEvent.Phase.INIT, PlatformEvent.Status.SUCCESS, null, 1)))
        .contains("\"initializationType\":\"provisioned-concurrency\"");
  }

  @Test
  void saysWhoseInvocationItIs() {
    assertThat(record(new PlatformEvent.Start("id", "arn:f", "3", null, "blue")))
        .isEqualTo(
            "\"type\":\"platform.start\",\"record\":"
                + "{\"requestId\":\"id\",\"functionArn\":\"arn:f\",\"version\":\"3\",\"tenantId\":\"blue\"}}");
    assertThat(
            record(
                new PlatformEvent.Report(
                    "id",
                    PlatformEvent.Status.SUCCESS,
                    null,
                    1,
                    1,
                    128,
                    3,
                    null,
                    null,
                    List.of(),
                    null,
                    "blue")))
        .contains("\"requestId\":\"id\",\"tenantId\":\"blue\",\"status\":\"success\"");
  }
}
