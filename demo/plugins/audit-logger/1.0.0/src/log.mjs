// The files of a log: appended to in order, begun anew when one is full, read from the first on.

import { mkdir, open, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

import { openLine, sealEntry, START } from "./chain.mjs";

const FILE = /^audit-(\d{6})\.jsonl$/;

async function listFiles(folder) {
  const names = await readdir(folder).catch(() => []);
  return names.filter((name) => FILE.test(name)).sort();
}

/** Read a whole log. Returns `{entries, files, head}`, or `{fault}` with file and line. */
export async function verifyLog(folder) {
  const files = await listFiles(folder);
  let head = START;
  let entries = 0;
  for (const name of files) {
    const text = await readFile(join(folder, name), "utf8");
    const lines = text.split("\n");
    const unfinished = lines.pop();
    for (const [index, line] of lines.entries()) {
      const read = openLine(line, head, entries + 1);
      if (read.fault) return { fault: `${name}:${index + 1} ${read.fault}`, entries, files, head };
      head = read.hash;
      entries += 1;
    }
    if (unfinished) return { fault: `${name}:${lines.length + 1} is cut off`, entries, files, head };
  }
  return { entries, files, head };
}

/** Open a log for appending. Throws if what is there does not verify. */
export async function openLog(folder, { maxFileBytes = 10 << 20 } = {}) {
  await mkdir(folder, { recursive: true });
  const state = await verifyLog(folder);
  if (state.fault) throw new Error(`the audit log cannot be continued: ${state.fault}`);

  let { head, entries: seq } = state;
  let number = Math.max(state.files.length, 1);
  const pathOf = (n) => join(folder, `audit-${String(n).padStart(6, "0")}.jsonl`);
  let file = await open(pathOf(number), "a");
  let size = (await file.stat()).size;
  // One write after the other: the chain has no forks.
  let last = Promise.resolve();

  async function write(entry) {
    const { line, hash } = sealEntry({ seq: seq + 1, ...entry }, head);
    const bytes = Buffer.byteLength(line);
    if (size > 0 && size + bytes > maxFileBytes) {
      await file.close();
      number += 1;
      file = await open(pathOf(number), "a");
      size = 0;
    }
    await file.appendFile(line);
    size += bytes;
    seq += 1;
    head = hash;
  }

  return {
    append(entry) {
      const done = last.then(() => write(entry));
      last = done.catch(() => {});
      return done;
    },
    head: () => head,
    async close() {
      await last;
      await file.sync();
      await file.close();
    },
  };
}
