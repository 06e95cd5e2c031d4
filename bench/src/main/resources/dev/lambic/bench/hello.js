"use strict";

let calls = 0;

exports.handler = async (event) => {
  const begin = process.hrtime.bigint();
  calls += 1;
  const answer = { hello: event.name, calls };
  if (event.name === "version") {
    answer.version = process.version;
  }
  if (event.hold) {
    await new Promise((over) => setTimeout(over, event.hold));
  }
  answer.at = Number(begin);
  answer.nanos = Number(process.hrtime.bigint() - begin);
  return answer;
};
