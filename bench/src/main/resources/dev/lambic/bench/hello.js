"use strict";

let calls = 0;

exports.handler = async (event) => {
  const begin = process.hrtime.bigint();
  calls += 1;
  const answer = { hello: event.name, calls };
  if (event.name === "version") {
    answer.version = process.version;
  }
  answer.nanos = Number(process.hrtime.bigint() - begin);
  return answer;
};
