package dev.lambic.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lambic.http.BodyFlow;
import dev.lambic.http.Headers;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A body on its way from one thread to another. */
final class BodyPipeTest {
  private final List<String> told = new ArrayList<>();
  private final BodyPipe pipe =
      new BodyPipe(
          new BodyFlow() {
            @Override
            public void pause() {
              told.add("pause");
            }

            @Override
            public void resume() {
              told.add("resume");
            }
          });

  @Test
  void nothingIsWantedBeforeItIsRead() throws IOException {
    assertThat(told).containsExactly("pause");
    pipe.piece(new byte[] {1, 2, 3});
    pipe.end(Headers.empty());
    byte[] into = new byte[2];
    assertThat(pipe.read(into, 0, 2)).isEqualTo(2);
    assertThat(into).containsExactly(1, 2);
    assertThat(told).containsExactly("pause", "resume");
    assertThat(pipe.read()).isEqualTo(3);
    assertThat(pipe.read()).isEqualTo(-1);
    assertThat(pipe.read()).isEqualTo(-1);
  }

  @Test
  void aSenderThatIsFasterThanTheReaderWaits() throws IOException {
    pipe.piece(new byte[1]);
    assertThat(pipe.read()).isZero();
    told.clear();
    pipe.piece(new byte[200 << 10]);
    assertThat(told).isEmpty();
    pipe.piece(new byte[200 << 10]);
    assertThat(told).containsExactly("pause");
    assertThat(pipe.readNBytes(200 << 10)).hasSize(200 << 10);
    assertThat(told).containsExactly("pause");
    assertThat(pipe.readNBytes(100 << 10)).hasSize(100 << 10);
    assertThat(told).containsExactly("pause", "resume");
  }

  @Test
  void whatIsBrokenOrClosedGivesNoEnd() {
    pipe.broken("gone");
    assertThatThrownBy(pipe::read).isInstanceOf(IOException.class).hasMessage("gone");
    pipe.close();
    pipe.piece(new byte[] {1});
    assertThatThrownBy(pipe::read).isInstanceOf(IOException.class);
  }
}
