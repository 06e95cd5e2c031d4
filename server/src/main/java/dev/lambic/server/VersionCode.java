package dev.lambic.server;

import dev.lambic.functions.CodeStore;
import dev.lambic.functions.FunctionVersion;
import dev.lambic.invocation.Code;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** The unpacked package and the merged layers of a function version. */
record VersionCode(CodeStore store, FunctionVersion version) implements Code {
  /** The package's name. */
  String codeId() {
    return version.codeId();
  }

  @Override
  public Lease acquire() {
    CodeStore.Lease code = store.acquire(version.codeId());
    CodeStore.@Nullable Lease layers = layers(code);
    return new Lease() {
      @Override
      public Path directory() {
        return code.directory();
      }

      @Override
      public @Nullable Path opt() {
        return layers == null ? null : layers.directory();
      }

      @Override
      public void close() {
        code.close();
        if (layers != null) {
          layers.close();
        }
      }
    };
  }

  /** Holds the merged layers too; gives the code up if they are not there. */
  private CodeStore.@Nullable Lease layers(CodeStore.Lease code) {
    try {
      return version.layersId() == null ? null : store.acquire(version.layersId());
    } catch (RuntimeException e) {
      code.close();
      throw e;
    }
  }
}
