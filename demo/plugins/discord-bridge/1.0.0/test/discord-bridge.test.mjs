import assert from "node:assert/strict";
import { test } from "node:test";

import { Gateway } from "../src/gateway.mjs";
import { toRelay } from "../src/index.mjs";
import { createRest, splitText } from "../src/rest.mjs";

class TestSocket extends EventTarget {
  static opened = [];
  sent = [];
  constructor(url) {
    super();
    this.url = url;
    TestSocket.opened.push(this);
  }
  send(text) {
    this.sent.push(JSON.parse(text));
  }
  close(code) {
    this.dispatchEvent(Object.assign(new Event("close"), { code }));
  }
  deliver(frame) {
    this.dispatchEvent(new MessageEvent("message", { data: JSON.stringify(frame) }));
  }
}

const logger = { warn() {}, error() {} };

function openGateway(onMessage = () => {}) {
  const gateway = new Gateway({ token: "t", onMessage, logger, WebSocket: TestSocket, random: () => 0 });
  gateway.open();
  return { gateway, socket: TestSocket.opened.at(-1) };
}

const hello = { op: 10, d: { heartbeat_interval: 45_000 } };
const ready = {
  op: 0, s: 1, t: "READY",
  d: { session_id: "s1", resume_gateway_url: "wss://resume.test", user: { id: "1" } },
};

test("hello is answered by identify, and messages are dispatched", () => {
  const seen = [];
  const { gateway, socket } = openGateway((message) => seen.push(message.content));
  socket.deliver(hello);
  assert.equal(socket.sent[0].op, 2);
  socket.deliver(ready);
  assert.equal(gateway.state, "ready");
  socket.deliver({ op: 0, s: 2, t: "MESSAGE_CREATE", d: { content: "hi" } });
  assert.deepEqual(seen, ["hi"]);
  gateway.stop();
});

test("after a lost connection the session is resumed where it stopped", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  const { gateway, socket } = openGateway();
  socket.deliver(hello);
  socket.deliver(ready);
  socket.close(1006);
  t.mock.timers.tick(60_000);
  const next = TestSocket.opened.at(-1);
  assert.equal(next.url, "wss://resume.test/?v=10&encoding=json");
  next.deliver(hello);
  assert.deepEqual(next.sent[0], { op: 6, d: { token: "t", session_id: "s1", seq: 1 } });
  gateway.stop();
});

test("a beat without an answer closes the connection", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  const { gateway, socket } = openGateway();
  const codes = [];
  socket.addEventListener("close", ({ code }) => codes.push(code));
  socket.deliver(hello);
  t.mock.timers.tick(90_000);
  assert.deepEqual(codes, [4000]);
  gateway.stop();
});

test("a refused token is final", () => {
  const { gateway, socket } = openGateway();
  socket.close(4004);
  assert.equal(gateway.state, "refused");
});

test("a limited post waits as long as Discord asks, and nobody is pinged", async () => {
  const waits = [];
  const bodies = [];
  const answers = [
    new Response(JSON.stringify({ retry_after: 1.5 }), { status: 429 }),
    new Response("{}", { status: 200 }),
  ];
  const rest = createRest({
    token: "t",
    sleep: async (ms) => waits.push(ms),
    fetch: async (url, init) => {
      bodies.push(JSON.parse(init.body));
      return answers.shift();
    },
  });
  await rest.send("11", "hello @everyone", "99");
  assert.deepEqual(waits, [1500]);
  assert.deepEqual(bodies[1].allowed_mentions, { parse: [] });
  assert.equal(bodies[1].message_reference.message_id, "99");
});

test("long texts are split at line ends", () => {
  assert.deepEqual(splitText("aaaa\nbbbb", 6), ["aaaa", "bbbb"]);
  assert.deepEqual(splitText("a".repeat(7), 3), ["aaa", "aaa", "a"]);
});

test("bots are not relayed", () => {
  const event = { id: "9", channel_id: "11", content: "x", author: { username: "ada" } };
  assert.equal(toRelay(event, new Map([["11", "support"]])).to, "support");
  assert.equal(toRelay({ ...event, author: { username: "b", bot: true } }), null);
});
