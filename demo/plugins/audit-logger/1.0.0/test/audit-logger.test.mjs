import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { fileURLToPath } from "node:url";

import * as plugin from "../src/index.mjs";
import { openLog, verifyLog } from "../src/log.mjs";

let folder;
beforeEach(async () => { folder = await mkdtemp(join(tmpdir(), "audit-")); });
afterEach(() => rm(folder, { recursive: true }));

async function writeEntries(count, options) {
  const log = await openLog(folder, options);
  await Promise.all(Array.from({ length: count }, (_, n) => log.append({ event: "message", id: n })));
  await log.close();
}

test("entries written at once form one chain, and a second run continues it", async () => {
  await writeEntries(20);
  await writeEntries(5);
  const state = await verifyLog(folder);
  assert.equal(state.fault, undefined);
  assert.equal(state.entries, 25);
});

test("files are rotated by size and the chain goes on", async () => {
  await writeEntries(40, { maxFileBytes: 1024 });
  const state = await verifyLog(folder);
  assert.ok(state.files.length > 1);
  assert.equal(state.entries, 40);
});

for (const [what, change] of [
  ["changed", (lines) => lines.map((line, n) => (n === 2 ? line.replace('"id":2', '"id":9') : line))],
  ["removed", (lines) => lines.filter((_, n) => n !== 2)],
  ["moved", (lines) => [lines[0], lines[2], lines[1], ...lines.slice(3)]],
]) {
  test(`a ${what} line is found`, async () => {
    await writeEntries(6);
    const path = join(folder, "audit-000001.jsonl");
    const lines = (await readFile(path, "utf8")).trimEnd().split("\n");
    await writeFile(path, `${change(lines).join("\n")}\n`);
    const { fault } = await verifyLog(folder);
    assert.match(fault, /^audit-000001\.jsonl:\d /);
    await assert.rejects(openLog(folder), /cannot be continued/);
  });
}

test("the hooks write no text unless asked to", async () => {
  await plugin.onLoad({ config: { folder: "log" }, dataFolder: folder });
  await plugin.onMessage({ id: "m1", from: "a", to: "b", text: "private words" });
  await plugin.onConnect({ name: "agent:a" });
  await plugin.onUnload();
  const [file] = await readdir(join(folder, "log"));
  const text = await readFile(join(folder, "log", file), "utf8");
  assert.ok(!text.includes("private words"));
  assert.match(text, /"event":"connect","peer":"agent:a"/);
});

test("the command tells whole logs from cut ones", async () => {
  await writeEntries(3);
  const verify = fileURLToPath(new URL("../src/verify.mjs", import.meta.url));
  const run = (...args) => spawnSync(process.execPath, [verify, folder, ...args], { encoding: "utf8" });
  assert.match(run().stdout, /^ok: 3 entries in 1 files/);
  assert.equal(run("--head", "0".repeat(64)).status, 1);
});
