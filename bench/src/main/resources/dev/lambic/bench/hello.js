"use strict";

let calls = 0;

exports.handler = async (event) => {
  const begin = process.hrtime.bigint();
  calls += 1;
  const answer = { hello: event.name, calls };
  if (event.name === "version") {
    answer.version = process.version;
  }
  if (event.name === "wait") {
    await new Promise((over) => setTimeout(over, 2000));
  }
  answer.nanos = Number(process.hrtime.bigint() - begin);
  return answer;
};
