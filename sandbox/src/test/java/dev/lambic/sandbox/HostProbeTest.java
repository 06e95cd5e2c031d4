package dev.lambic.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class HostProbeTest {
  @TempDir Path directory;

  @Test
  void everythingHoldsWhereTheTestsRun() {
    HostReport report = HostProbe.probe(directory);
    // It depends on the file system of the directory, which the others do not.
    boolean mappable = SharedDisk.isMappable(directory);
    assertThat(report.guarantees())
        .allSatisfy(one ->
            assertThat(one.holds())
                .as("%s", one)
                .isEqualTo(mappable || !one.name().equals("file-systems")));
    assertThat(report.usable()).isTrue();
    assertThat(report.complete()).isEqualTo(mappable);
    assertThat(report.guarantees())
        .extracting(Guarantee::name)
        .contains(
            "root",
            "user-namespace",
            "network-namespace",
            "system-call-filter",
            "tmp-image",
            "file-systems",
            "limit-memory",
            "limit-cpu",
            "limit-pids",
            "limit-swap");
  }

  @Test
  void missingToolIsNamedWithItsCommand() {
    Guarantee tmp = HostProbe.mechanism("tmp-image 2 mkfs mkfs.ext4 status 32512");
    assertThat(tmp.holds()).isFalse();
    assertThat(tmp.required()).isFalse();
    assertThat(tmp.fix()).isEqualTo("apt-get install -y e2fsprogs");
    assertThat(tmp.detail()).contains("no such file").contains("counts");
  }

  @Test
  void aFileSystemWithoutMappedOwnersWeakensNothingElse() {
    Guarantee files = HostProbe.mechanism("file-systems 22 share-map /data");
    assertThat(files.required()).isFalse();
    assertThat(files.fix()).contains("ext4");
    assertThat(new HostReport(List.of(files)).usable()).isTrue();
  }

  @Test
  void missingNamespaceMakesTheHostUnusable() {
    Guarantee user = HostProbe.mechanism("user-namespace 28 unshare ");
    assertThat(user.fix()).contains("max_user_namespaces");
    assertThat(new HostReport(List.of(user)).usable()).isFalse();
  }

  @Test
  void missingControllersAreNamed() {
    List<Guarantee> limits =
        HostProbe.limits(List.of(new CgroupMount("/nowhere/cpu", List.of("cpu", "cpuacct"))));
    assertThat(limits)
        .filteredOn(one -> !one.holds())
        .extracting(Guarantee::name)
        .containsExactly("limit-memory", "limit-pids", "limit-freezer", "limit-swap");
  }
}
