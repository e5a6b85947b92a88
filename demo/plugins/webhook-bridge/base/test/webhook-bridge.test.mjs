import assert from "node:assert/strict";
import { test } from "node:test";

import { createReceiver, toRelay } from "../src/receive.mjs";
import { createSender } from "../src/send.mjs";
import { sign } from "../src/signature.mjs";

const secret = "only-for-this-test";
const logger = { warn() {}, error() {} };

async function listen(published, options = {}) {
  const server = createReceiver({ secret, logger, publish: (m) => published.push(m), ...options });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${server.address().port}/hooks/support`;
  const post = async (body, signature, to = url) =>
    (await fetch(to, { method: "POST", body, headers: { "x-relay-signature": signature } })).status;
  return { server, url, post };
}

test("a signed call becomes a message", async () => {
  const published = [];
  const { server, post } = await listen(published);
  const body = JSON.stringify({ text: "disk full", host: "db1" });
  assert.equal(await post(body, sign(secret, body)), 202);
  assert.deepEqual(published, [
    { from: "webhook", to: "support", text: "disk full", metadata: { text: "disk full", host: "db1" } },
  ]);
  server.close();
});

test("wrong, old and missing signatures are refused", async () => {
  const published = [];
  const { server, post } = await listen(published);
  const old = Math.floor(Date.now() / 1000) - 3600;
  assert.equal(await post("{}", sign("another key", "{}")), 401);
  assert.equal(await post("{}", sign(secret, "{}", old)), 401);
  assert.equal(await post("{}", "t=1,v1=zz"), 401);
  assert.deepEqual(published, []);
  server.close();
});

test("what is not JSON, too long or for nobody gets its own answer", async () => {
  const { server, post, url } = await listen([]);
  assert.equal(await post("no json", sign(secret, "no json")), 400);
  const long = "x".repeat(300 << 10);
  assert.equal(await post(long, sign(secret, long)), 413);
  assert.equal(await post("{}", sign(secret, "{}"), url.replace("hooks", "other")), 404);
  server.close();
});

test("a delivery is repeated with growing pauses until it is taken", async () => {
  const pauses = [];
  const answers = [500, 503, 204];
  const send = createSender({
    secret,
    random: () => 0.5,
    sleep: async (ms) => pauses.push(ms),
    fetch: async () => new Response(null, { status: answers.shift() }),
  });
  assert.equal(await send("https://desk.example/hook", { text: "hi" }), 3);
  assert.deepEqual(pauses, [1000, 2000]);
});

test("an endpoint that is gone is not tried again", async () => {
  let calls = 0;
  const send = createSender({
    secret,
    sleep: async () => {},
    fetch: async () => {
      calls += 1;
      return new Response(null, { status: 410 });
    },
  });
  await assert.rejects(send("https://desk.example/hook", {}), /desk\.example did not take/);
  assert.equal(calls, 1);
});

test("bodies that are no objects are passed on as text", () => {
  assert.deepEqual(toRelay("t", [1]), { from: "webhook", to: "t", text: "[1]", metadata: {} });
});
