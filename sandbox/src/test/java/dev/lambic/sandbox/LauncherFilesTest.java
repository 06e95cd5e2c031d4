package dev.lambic.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class LauncherFilesTest {
  @TempDir Path directory;

  @Test
  void directoryIsPrivateAndCanBePreparedAgain() throws IOException {
    Path work = directory.resolve("a/b");
    for (int i = 0; i < 2; i++) {
      LauncherFiles files = LauncherFiles.prepare(work);
      files.write();
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(work)))
          .isEqualTo("rwx------");
      assertThat(files.launcher()).isExecutable();
      assertThat(files.etc().resolve("passwd")).content().contains("sbx_user1051:x:993:990:");
    }
  }

  @Test
  void lockIsHeldOnce() {
    LauncherFiles files = LauncherFiles.prepare(directory);
    InstanceLock lock = InstanceLock.take(files.lock());
    assertThatThrownBy(() -> InstanceLock.take(files.lock()))
        .isInstanceOf(SandboxException.class)
        .hasMessageContaining("another server");
    lock.close();
    InstanceLock.take(files.lock()).close();
  }

  @Test
  void worksInADirectoryWithALongName() {
    Path deep = directory.resolve("x".repeat(120)).resolve("y".repeat(120));
    try (TestHost host = new TestHost(deep);
        Sandbox sandbox = host.create()) {
      assertThat(TestHost.runOk(sandbox, "echo deep")).isEqualTo("deep\n");
    }
  }
}
