package dev.lambic.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The script that makes the constraint data, on a model small enough to read. */
final class ConstraintScriptTest {
  private static final String MODEL =
      """
      {"metadata":{"endpointPrefix":"shop","protocol":"rest-json"},
       "operations":{
        "Buy":{"http":{"method":"POST","requestUri":"/b","responseCode":202},
               "input":{"shape":"Order"}},
        "Look":{"http":{"method":"GET","requestUri":"/l"},"input":{"shape":"Nothing"}}},
       "shapes":{
        "Nothing":{"type":"structure","members":{"Free":{"shape":"Text"}}},
        "Order":{"type":"structure","required":["Id","Lines"],"members":{
          "Id":{"shape":"Id"},"Lines":{"shape":"Lines"},"Note":{"shape":"Text"},
          "Kind":{"shape":"Kind"},"Parent":{"shape":"Order"}}},
        "Lines":{"type":"list","max":3,"member":{"shape":"Id"}},
        "Id":{"type":"string","min":1,"pattern":"[a-z]+","documentation":"<p>x</p>"},
        "Kind":{"type":"string","enum":["TRIM_HORIZON","LATEST","AT_TIMESTAMP"],"sensitive":true},
        "Text":{"type":"string"},
        "SoldOut":{"type":"structure","exception":true,"error":{"httpStatusCode":409},
          "members":{"Message":{"shape":"Text"}}},
        "Down":{"type":"structure","exception":true,"fault":true,
          "members":{"Type":{"shape":"Text"},"message":{"shape":"Text"},
          "wait":{"shape":"Text","location":"header","locationName":"Retry-After"}}}}}
      """;

  @Test
  void distilsWhatTheSdkLacks(@TempDir Path temp) throws IOException, InterruptedException {
    Path model = Files.writeString(temp.resolve("service-2.json"), MODEL);
    Path out = temp.resolve("out.json");
    Path script =
        Path.of(System.getProperty("lambic.root", "..")).resolve("wire/tools/constraints.py");
    Process python =
        new ProcessBuilder("python3", script.toString(), model.toString(), out.toString())
            .inheritIO()
            .start();
    assertThat(python.waitFor(30, TimeUnit.SECONDS)).isTrue();
    assertThat(python.exitValue()).isZero();
    assertThat(Files.readString(out))
        .isEqualTo(
            """
            {"service":"shop",
            "errors":{
            "Down":{"status":500,"type":true,"receiver":true,"headers":{"wait":"Retry-After"}},
            "SoldOut":{"status":409,"text":"Message"}
            },
            "statuses":{
            "Buy":202
            },
            "types":{
            "Id":{"min":1,"pattern":"[a-z]+"},
            "Kind":{"enum":["LATEST","AT_TIMESTAMP","TRIM_HORIZON"],"sensitive":true},
            "Lines":{"member":"Id","max":3}
            },
            "structures":{
            "BuyRequest":{"Id":"!Id","Lines":"!Lines","Kind":"Kind","Parent":"Order"},
            "Order":{"Id":"!Id","Lines":"!Lines","Kind":"Kind","Parent":"Order"}
            }}
            """);
  }
}
