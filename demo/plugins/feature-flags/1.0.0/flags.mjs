// The service: reads the file, reads it again when it changes, answers from memory.

import { readFile, watch } from "node:fs/promises";
import { join } from "node:path";

import { decide, parseFlags } from "./rules.mjs";

let stop = () => {};
let state = { flags: new Map(), fault: "nothing was read yet" };

export async function onLoad({ config, logger, dataFolder = "." }) {
  const path = join(dataFolder, config.file ?? "flags.json");
  await read(path, logger);
  const watching = new AbortController();
  stop = () => watching.abort();
  follow(path, logger, watching.signal);
  return {
    get: (name, person, fallback = false) => decide(state.flags.get(name), name, person, fallback).value,
    explain: (name, person, fallback = false) => decide(state.flags.get(name), name, person, fallback),
  };
}

export async function onUnload() {
  stop();
}

export async function health() {
  return state.fault ? { status: "degraded", detail: state.fault } : { status: "ok", flags: state.flags.size };
}

async function read(path, logger) {
  try {
    state = { flags: parseFlags(JSON.parse(await readFile(path, "utf8"))), fault: null };
  } catch (error) {
    state = { ...state, fault: error.message };
    logger.warn("flags_not_read", { path, error: error.message });
  }
}

async function follow(path, logger, signal) {
  try {
    for await (const _event of watch(path, { signal })) await read(path, logger);
  } catch (error) {
    if (error.name !== "AbortError") logger.warn("flags_not_watched", { path, error: error.message });
  }
}
