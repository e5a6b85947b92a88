// Entries chained by hash: each holds the hash of the one before it.

import { createHash } from "node:crypto";

export const START = "0".repeat(64);

export function sha256(text) {
  return createHash("sha256").update(text).digest("hex");
}

/** The line for an entry: its fields, `prev`, and `hash` over all of that. */
export function sealEntry(entry, prev) {
  const body = JSON.stringify({ ...entry, prev });
  const hash = sha256(body);
  return { hash, line: `${body.slice(0, -1)},"hash":"${hash}"}\n` };
}

/** Read one line back. Returns its entry, or the reason why it cannot follow `prev`. */
export function openLine(line, prev, seq) {
  const cut = line.lastIndexOf(',"hash":"');
  const hash = /^,"hash":"([0-9a-f]{64})"}$/.exec(line.slice(cut))?.[1];
  if (cut < 0 || !hash) return { fault: "is not an audit entry" };
  const body = `${line.slice(0, cut)}}`;
  if (sha256(body) !== hash) return { fault: "was changed: its hash does not fit" };
  const entry = JSON.parse(body);
  if (entry.prev !== prev) return { fault: "does not follow the entry before it" };
  if (entry.seq !== seq) return { fault: `has number ${entry.seq}, expected ${seq}` };
  return { entry, hash };
}
