// Compiles the JavaScript files below a directory, for environments that see them read-only.
//
// Runs in a sandbox of its own, by the interpreter of the functions and with the files where
// functions see them, and executes nothing of them: they go through the functions by which the
// loaders of Node.js compile, which keep what comes of it for later processes (module.enableCompileCache,
// from version 22 on). To the standard output goes the name of that directory, then name and content
// of each file in it, each behind its length, and an empty name. What is too much is left out.

import fs from "node:fs";
import module, { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";

const KEPT = "/tmp/compiled";
const LEAST_SOURCE = 1 << 10;
const MAX_SOURCE = 16 << 20;
const MAX_SOURCES = 64 << 20;
const MAX_FILES = 5_000;
const MAX_ENTRIES = 200_000;
const MAX_BYTES = 48 << 20;
const MILLIS = 60_000;

const require = createRequire(import.meta.url);

/** The functions that compile without running, if this version has them. */
function compilers() {
  const { internalBinding } = require("internal/test/binding");
  const { compileFunctionForCJSLoader } = internalBinding("contextify");
  const { compileSourceTextModule, SourceTextModuleTypes } = require("internal/modules/esm/utils");
  // Older versions want to know whether the usual loader compiles, newer ones who asks for it.
  const kind = SourceTextModuleTypes?.kUser ?? true;
  return {
    script: (source, file) => compileFunctionForCJSLoader(source, file, false, false),
    module: (source, url) => compileSourceTextModule(url, source, kind),
  };
}

/** Files that may be loaded, those near the top first; no symbolic links. */
function* sources(top) {
  const ahead = [top];
  let left = MAX_ENTRIES;
  for (let next = 0; next < ahead.length && left > 0; next++) {
    const directory = ahead[next];
    let entries;
    try {
      entries = fs.readdirSync(directory, { withFileTypes: true });
    } catch {
      continue;
    }
    for (const entry of entries.slice(0, left)) {
      left--;
      const file = path.join(directory, entry.name);
      if (entry.isDirectory()) {
        ahead.push(file);
      } else if (entry.isFile() && /\.[cm]?js$/.test(entry.name)) {
        const { size } = fs.statSync(file);
        if (size >= LEAST_SOURCE && size <= MAX_SOURCE) {
          yield { file, size };
        }
      }
    }
  }
}

const types = new Map();

/** Whether the package of a file says that it consists of modules. */
function isOfModules(directory) {
  let known = types.get(directory);
  if (known === undefined) {
    try {
      known = JSON.parse(fs.readFileSync(path.join(directory, "package.json"), "utf8")).type === "module";
    } catch {
      const above = path.dirname(directory);
      known = above !== directory && path.basename(above) !== "node_modules" && isOfModules(above);
    }
    types.set(directory, known);
  }
  return known;
}

function compile(by, file) {
  const source = fs.readFileSync(file, "utf8");
  if (file.endsWith(".mjs") || (file.endsWith(".js") && isOfModules(path.dirname(file)))) {
    return by.module(source, pathToFileURL(file).href);
  }
  return by.script(source, file);
}

/** What was compiled has to live until it is written. */
function compileAll(top) {
  const by = compilers();
  const kept = [];
  const end = Date.now() + MILLIS;
  let left = MAX_SOURCES;
  for (const { file, size } of sources(top)) {
    if (kept.length >= MAX_FILES || Date.now() > end) {
      break;
    }
    if (size <= left) {
      left -= size;
      try {
        kept.push(compile(by, file));
      } catch {
        // Whoever loads it meets the same.
      }
    }
  }
  module.flushCompileCache();
  return kept;
}

function number(value) {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function print(...pieces) {
  const bytes = Buffer.concat(pieces);
  for (let at = 0; at < bytes.length; ) {
    at += fs.writeSync(1, bytes, at);
  }
}

function main(top) {
  module.enableCompileCache(KEPT);
  compileAll(top);
  // Named by the version and whatever else what was compiled depends on.
  const [version] = fs.readdirSync(KEPT);
  const directory = path.join(KEPT, version);
  const name = Buffer.from(version);
  print(number(name.length), name);
  let left = MAX_BYTES;
  for (const entry of fs.readdirSync(directory, { withFileTypes: true })) {
    const file = path.join(directory, entry.name);
    if (!entry.isFile() || fs.statSync(file).size > left) {
      continue;
    }
    const content = fs.readFileSync(file);
    left -= content.length;
    const own = Buffer.from(entry.name);
    print(number(own.length), own, number(content.length), content);
  }
  print(number(0));
}

if (module.enableCompileCache === undefined) {
  process.exit(2);
}
main(process.argv[2]);
