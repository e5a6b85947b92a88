import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";

import { isFromSlack, openEventsApi } from "../src/events-api.mjs";

const secret = "only-for-this-test";

function sign(body, timestamp) {
  return `v0=${createHmac("sha256", secret).update(`v0:${timestamp}:${body}`).digest("hex")}`;
}

test("old, unsigned and altered requests are refused", () => {
  const now = 1_700_000_000;
  const good = { secret, now, body: "{}", timestamp: String(now), signature: sign("{}", now) };
  assert.ok(isFromSlack(good));
  assert.ok(!isFromSlack({ ...good, body: "{ }" }));
  assert.ok(!isFromSlack({ ...good, now: now + 301 }));
  assert.ok(!isFromSlack({ ...good, signature: undefined }));
  assert.ok(!isFromSlack({ ...good, timestamp: "soon" }));
});

test("a signed event reaches the handler over HTTP", async () => {
  const events = [];
  const api = openEventsApi({ secret, port: 0, onEvent: (e) => events.push(e), logger: { warn() {} } });
  await api.started;
  const url = `http://127.0.0.1:${api.server.address().port}/`;
  const body = JSON.stringify({ type: "event_callback", event: { type: "message", text: "hi" } });
  const timestamp = String(Math.floor(Date.now() / 1000));
  const headers = {
    "x-slack-request-timestamp": timestamp,
    "x-slack-signature": sign(body, timestamp),
  };
  assert.equal((await fetch(url, { method: "POST", headers, body })).status, 200);
  assert.equal((await fetch(url, { method: "POST", body })).status, 401);
  assert.deepEqual(events, [{ type: "message", text: "hi" }]);
  api.stop();
});
