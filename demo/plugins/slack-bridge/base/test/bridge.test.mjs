import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { test } from "node:test";

import { createBridge, findPlace, toRelay } from "../src/index.mjs";

class TestSocket extends EventTarget {
  static opened = [];
  readyState = 1;
  sent = [];
  constructor(url) {
    super();
    this.url = url;
    TestSocket.opened.push(this);
  }
  send(text) {
    this.sent.push(JSON.parse(text));
  }
  close() {
    this.readyState = 3;
    this.dispatchEvent(new Event("close"));
  }
  deliver(envelope) {
    this.dispatchEvent(new MessageEvent("message", { data: JSON.stringify(envelope) }));
  }
}

function makeHost() {
  const emitter = new EventEmitter();
  const host = { published: [], dead: [] };
  host.on = (name, handler) => {
    emitter.on(name, handler);
    return () => emitter.off(name, handler);
  };
  host.publish = (message) => host.published.push(message);
  host.deadLetter = async (message, reason) => host.dead.push([message.id, reason]);
  host.emit = (message) => Promise.all(emitter.listeners("message").map((fn) => fn(message)));
  return host;
}

function answer(body, status = 200, headers = {}) {
  return new Response(JSON.stringify(body), { status, headers });
}

async function startBridge(answers) {
  const calls = [];
  const host = makeHost();
  const bridge = createBridge({
    host,
    config: { SLACK_BOT_TOKEN: "bot", SLACK_APP_TOKEN: "app", channels: { C1: "support" } },
    logger: { warn() {}, error() {} },
    WebSocket: TestSocket,
    sleep: async () => {},
    fetch: async (url, init) => {
      const method = url.split("/").pop();
      calls.push([method, JSON.parse(init.body)]);
      if (method === "apps.connections.open") return answer({ ok: true, url: "wss://test" });
      return answers.shift() ?? answer({ ok: true });
    },
  });
  await bridge.started;
  return { bridge, host, calls, socket: TestSocket.opened.at(-1) };
}

test("an event is acknowledged first and then published", async () => {
  const { bridge, host, socket } = await startBridge([]);
  const event = { type: "message", channel: "C1", user: "U7", text: "hello", ts: "9.1" };
  socket.deliver({ type: "events_api", envelope_id: "e1", payload: { event } });
  assert.deepEqual(socket.sent, [{ envelope_id: "e1" }]);
  assert.deepEqual(host.published, [
    { from: "slack:U7", to: "support", thread: "slack:C1:9.1", text: "hello" },
  ]);
  bridge.stop();
});

test("what bots and editors write is ignored", () => {
  const event = { type: "message", channel: "C1", user: "U7", text: "hello", ts: "9.1" };
  assert.equal(toRelay({ ...event, bot_id: "B1" }), null);
  assert.equal(toRelay({ ...event, subtype: "message_changed" }), null);
});

test("an answer goes into the thread it belongs to", () => {
  assert.deepEqual(findPlace({ thread: "slack:C1:9.1" }, new Map()), { channel: "C1", thread_ts: "9.1" });
  assert.deepEqual(findPlace({ to: "support" }, new Map([["support", "C1"]])), { channel: "C1" });
  assert.equal(findPlace({ to: "elsewhere" }, new Map()), null);
});

test("markup characters are escaped", async () => {
  const { bridge, host, calls } = await startBridge([]);
  await host.emit({ id: "m1", from: "agent:a", to: "support", text: "a < b & c" });
  assert.equal(calls.at(-1)[1].text, "*agent:a*: a &lt; b &amp; c");
  bridge.stop();
});
