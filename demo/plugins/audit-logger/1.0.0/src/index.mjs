// The plugin itself: three hooks, one line each.

import { join } from "node:path";

import { sha256 } from "./chain.mjs";
import { openLog } from "./log.mjs";

let log = null;
let options = {};
let failure = null;

export async function onLoad({ config, dataFolder = "." }) {
  options = config;
  failure = null;
  log = await openLog(join(dataFolder, config.folder ?? "audit"), config);
}

export async function onUnload() {
  await log?.close();
  log = null;
}

export async function health() {
  if (!log) return { status: "down", detail: "the log is not open" };
  return failure ? { status: "down", detail: failure } : { status: "ok", head: log.head() };
}

export const onMessage = (message) =>
  record("message", {
    id: message.id,
    from: message.from,
    to: message.to,
    textSha256: sha256(message.text ?? ""),
    ...(options.includeText ? { text: message.text } : {}),
  });

export const onConnect = (peer) => record("connect", { peer: peer.name });

export const onDisconnect = (peer) => record("disconnect", { peer: peer.name });

async function record(event, fields) {
  try {
    await log.append({ at: new Date().toISOString(), event, ...fields });
  } catch (error) {
    // A message that cannot be recorded must not pass unseen: the host sees it and decides.
    failure = error.message;
    throw error;
  }
}
