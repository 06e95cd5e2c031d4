package dev.lambic.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

/** Where control groups are mounted, by the kernel's list of mounts. */
final class CgroupMountTest {
  @Test
  void readsHybridMounts() {
    String text =
        """
        20 1 254:0 / / rw,relatime - ext4 /dev/vda rw
        30 20 0:26 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid shared:9 - cgroup cgroup rw,cpu,cpuacct
        31 20 0:27 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
        32 20 0:28 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd
        33 20 0:29 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw,nsdelegate
        """;
    assertThat(CgroupMount.parse(text))
        .containsExactly(
            new CgroupMount("/sys/fs/cgroup/cpu,cpuacct", List.of("cpu", "cpuacct")),
            new CgroupMount("/sys/fs/cgroup/memory", List.of("memory")),
            new CgroupMount("/sys/fs/cgroup/unified", List.of()));
  }

  @Test
  void readsUnifiedMount() {
    String text = "29 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n";
    assertThat(CgroupMount.parse(text))
        .containsExactly(new CgroupMount("/sys/fs/cgroup", List.of()));
  }
}
