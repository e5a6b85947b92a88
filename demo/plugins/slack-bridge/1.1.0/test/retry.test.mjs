import assert from "node:assert/strict";
import { test } from "node:test";

import { createSlackApi } from "../src/slack-api.mjs";

function script(...answers) {
  const waits = [];
  const call = createSlackApi({
    fetch: async () => {
      const [status, body, headers] = answers.shift();
      return new Response(JSON.stringify(body), { status, headers });
    },
    sleep: async (ms) => waits.push(ms),
    maxAttempts: 3,
  });
  return { call, waits };
}

test("a limited call waits as long as Slack asks", async () => {
  const { call, waits } = script([429, {}, { "retry-after": "7" }], [200, { ok: true, ts: "1" }]);
  assert.equal((await call("chat.postMessage", "t")).ts, "1");
  assert.deepEqual(waits, [7000]);
});

test("server errors back off and give up in the end", async () => {
  const { call, waits } = script([503, {}], [502, {}], [500, {}]);
  await assert.rejects(call("chat.postMessage", "t"), { code: "service_unavailable" });
  assert.deepEqual(waits, [500, 1000]);
});

test("a refusal is not repeated", async () => {
  const { call, waits } = script([200, { ok: false, error: "channel_not_found" }]);
  await assert.rejects(call("chat.postMessage", "t"), { code: "channel_not_found" });
  assert.deepEqual(waits, []);
});
