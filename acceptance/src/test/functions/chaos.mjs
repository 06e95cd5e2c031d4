// Answers with what tells its caller that the answer is for that very call, or fails as asked.
import { setTimeout } from "node:timers/promises";
import { readFileSync } from "node:fs";

const code = Number(readFileSync(new URL("code.txt", import.meta.url), "utf8"));

export async function handler(event, context) {
  await setTimeout(event.millis ?? 0);
  if (event.do === "exit") {
    process.exit(3);
  }
  if (event.do === "fill") {
    const filled = [];
    for (;;) {
      filled.push(Buffer.alloc(16 << 20, 1));
    }
  }
  return {
    text: event.text,
    request: context.awsRequestId,
    function: context.functionName,
    version: context.functionVersion,
    code,
    step: Number(process.env.STEP ?? "0"),
  };
}
