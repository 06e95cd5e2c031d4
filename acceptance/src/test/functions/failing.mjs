// Fails in the way that the event asks for.

const kept = [];

const actions = {
  nothing: () => "well",
  exit: () => process.exit(5),
  exitSilently: () => process.exit(0),
  abort: () => process.abort(),
  spin: () => {
    for (;;);
  },
  never: () => new Promise(() => {}),
  memory: () => {
    for (;;) kept.push(Buffer.alloc(8 << 20, "x"));
  },
  uncaught: () =>
    new Promise(() => {
      setTimeout(() => {
        throw new TypeError("out of the loop");
      }, 1);
    }),
  rejected: () => {
    Promise.reject(new TypeError("nobody listens"));
    return new Promise(() => {});
  },
  output: () => {
    const line = "o".repeat(1023) + "\n";
    for (let i = 0; i < 20 * 1024; i++) process.stdout.write(line);
    return "written";
  },
};

export const handler = async (event) => actions[event.do]();
