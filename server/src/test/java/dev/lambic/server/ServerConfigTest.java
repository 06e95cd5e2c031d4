package dev.lambic.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lambic.runtime.FastPath;
import dev.lambic.wire.AuthMode;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class ServerConfigTest {
  private static ServerConfig parse(String... args) throws ServerConfig.Misuse {
    return ServerConfig.parse(args, 0, Map.of());
  }

  @Test
  void listensOnLoopbackByDefault() throws ServerConfig.Misuse {
    ServerConfig config = parse();
    assertThat(config.host().isLoopbackAddress()).isTrue();
    assertThat(config.port()).isEqualTo(4566);
    assertThat(config.auth()).isEqualTo(AuthMode.ACCEPT);
    assertThat(config.data()).isEqualTo(Path.of(".lambic").toAbsolutePath());
    assertThat(config.boto3()).isEmpty();
  }

  @Test
  void demandsSignaturesWhereOthersCanReach() throws ServerConfig.Misuse {
    assertThat(parse("--host", "0.0.0.0").auth()).isEqualTo(AuthMode.ENFORCE);
    assertThat(parse("--host", "0.0.0.0", "--auth", "accept").auth()).isEqualTo(AuthMode.ACCEPT);
    assertThat(parse("--auth", "enforce").auth()).isEqualTo(AuthMode.ENFORCE);
  }

  @Test
  void imagesInFilesAreOnlyBelowADirectoryThatIsNamed() throws ServerConfig.Misuse {
    assertThat(parse().images()).isEmpty();
    assertThat(parse("--images", "/usr/../usr").images()).contains(Path.of("/usr"));
    assertThatThrownBy(() -> parse("--images", "/no/such")).hasMessageContaining("/no/such");
  }

  @Test
  void passwordsForRegistriesAreInAFileThatIsNamed() throws ServerConfig.Misuse {
    assertThat(parse().registryAuth()).isEmpty();
    assertThat(parse("--registry-auth", "/etc/../etc/passwd").registryAuth())
        .contains(Path.of("/etc/passwd"));
    assertThatThrownBy(() -> parse("--registry-auth", "/no/such")).hasMessageContaining("/no/such");
  }

  @Test
  void everyFastPathIsTakenButThoseThatAreNamed() throws ServerConfig.Misuse {
    assertThat(parse().fast()).containsExactlyInAnyOrder(FastPath.values());
    assertThat(parse("--without", "stem-cells").fast())
        .doesNotContain(FastPath.STEM_CELLS)
        .contains(FastPath.SHELLS);
    assertThat(parse("--without", "stem-cells,shells", "--without", "shells").fast())
        .doesNotContain(FastPath.STEM_CELLS, FastPath.SHELLS);
    assertThatThrownBy(() -> parse("--without", "wheels"))
        .hasMessageContaining("stem-cells")
        .hasMessageEndingWith("not wheels");
  }

  @Test
  void refusesWhatItDoesNotUnderstand() {
    assertThatThrownBy(() -> parse("--prot", "1")).hasMessageContaining("--prot");
    assertThatThrownBy(() -> parse("--port")).hasMessageContaining("needs a value");
    assertThatThrownBy(() -> parse("--port", "x")).hasMessageContaining("number");
    assertThatThrownBy(() -> parse("--port", "65536")).hasMessageContaining("65535");
    assertThatThrownBy(() -> parse("--auth", "maybe")).hasMessageContaining("enforce");
    assertThatThrownBy(() -> parse("--host", "no such host")).hasMessageContaining("--host");
  }
}
