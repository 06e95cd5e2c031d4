// Fails in the way that the event asks for, in as few words as in the other languages.

export const handler = async (event) => {
  if (event.do === "throw") throw new RangeError("no luck");
  if (event.do === "marshal") return 10n;
  if (event.do === "large") return "x".repeat(7 << 20);
  return "well";
};

export const text = "no function";
