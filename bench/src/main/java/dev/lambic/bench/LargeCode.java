package dev.lambic.bench;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * Hello functions that bring along as much code as real ones do, which is run when they are
 * initialised and of no use beyond that: in Python a package of modules, in Node.js a bundle as
 * bundlers make them.
 */
final class LargeCode {
  private static final int PYTHON_MODULES = 100;
  private static final int NODE_MODULES = 300;
  private static final int FUNCTIONS = 24;

  private LargeCode() {}

  /** The deployment package. */
  static byte[] zip(Language language) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      if (language == Language.PYTHON) {
        python(zip);
      } else {
        add(zip, "hello.js", node() + new String(language.function(), StandardCharsets.UTF_8));
      }
    }
    return bytes.toByteArray();
  }

  private static void add(ZipOutputStream zip, String name, String text) throws IOException {
    zip.putNextEntry(new ZipEntry(name));
    zip.write(text.getBytes(StandardCharsets.UTF_8));
    zip.closeEntry();
  }

  private static void python(ZipOutputStream zip) throws IOException {
    String hello = new String(Language.PYTHON.function(), StandardCharsets.UTF_8);
    add(zip, "hello.py", "import large\n" + hello);
    StringBuilder all = new StringBuilder();
    for (int number = 0; number < PYTHON_MODULES; number++) {
      all.append("from . import part%d\n".formatted(number));
      add(zip, "large/part%d.py".formatted(number), pythonModule(number));
    }
    add(zip, "large/__init__.py", all.toString());
  }

  private static String pythonModule(int number) {
    StringBuilder text = new StringBuilder("\"\"\"Part %d.\"\"\"\n\n".formatted(number));
    for (int function = 0; function < FUNCTIONS; function++) {
      text.append(
          """

          def function%1$d(items, kind="plain", **options):
              \"\"\"Sorts items into what is kept and what is not, by their kind.\"\"\"
              kept, over = [], {}
              for index, item in enumerate(items):
                  if kind == "plain" and item is not None:
                      kept.append((index, item, options.get("weight", %1$d)))
                  elif isinstance(item, (list, tuple)):
                      kept.extend(part for part in item if part not in over)
                  else:
                      over[item] = {"index": index, "reason": f"{kind} of part %2$d"}
              if not kept:
                  raise ValueError("nothing is left of %%d items" %% len(items))
              return sorted(kept, key=lambda one: str(one)), over
          """
              .formatted(function, number));
    }
    text.append(
        """

        class Part:
            \"\"\"What the functions are called by.\"\"\"

            def __init__(self, name="part%1$d"):
                self.name = name
                self.calls = 0

            def call(self, number, items):
                self.calls += 1
                return TABLE[number](items, kind=self.name)


        TABLE = [%2$s]
        PART = Part()
        """
            .formatted(number, functions("function%d", ", ")));
    return text.toString();
  }

  private static String functions(String name, String between) {
    StringBuilder all = new StringBuilder();
    for (int function = 0; function < FUNCTIONS; function++) {
      all.append(function == 0 ? "" : between).append(name.formatted(function));
    }
    return all.toString();
  }

  private static String node() {
    StringBuilder text =
        new StringBuilder(
            """
            "use strict";
            const wrap = (run, module) => () => {
              if (!module) run((module = { exports: {} }).exports, module);
              return module.exports;
            };
            """);
    for (int number = 0; number < NODE_MODULES; number++) {
      text.append("const part%d = wrap((exports, module) => {\n".formatted(number));
      for (int function = 0; function < FUNCTIONS; function++) {
        text.append(
            """
              function run%1$d(count, items, kind) {
                const found = [];
                for (let i = 0; i < count; i++) {
                  if (items && items[i] !== undefined) {
                    found.push({ index: i, value: items[i], name: `part%2$d-${kind}` });
                  } else if (kind === "plain") {
                    found.push(i * %1$d);
                  } else {
                    try {
                      found.push(JSON.stringify({ i, items }));
                    } catch (error) {
                      throw new Error(`part %2$d cannot: ${error.message}`);
                    }
                  }
                }
                return found.filter((one) => one !== null).map((one) => ({ ...one, seen: true }));
              }
            """
                .formatted(function, number));
      }
      text.append(
          """
            class Part {
              constructor(name) {
                this.name = name;
                this.known = new Map();
              }
              get(key) {
                if (!this.known.has(key)) this.known.set(key, run0(3, null, key));
                return this.known.get(key);
              }
            }
            module.exports = { Part, table: { %s }, one: new Part("part%d").get("plain") };
          });
          part%d();
          """
              .formatted(functions("run%d", ", "), number, number));
    }
    return text.toString();
  }
}
