// The plugin itself: what arrives from Slack goes to the relay, and the other way round.

import { createSlackApi } from "./slack-api.mjs";
import { openSocketMode } from "./socket-mode.mjs";

let bridge = null;

export async function onLoad(context) {
  bridge = createBridge(context);
  await bridge.started;
}

export async function onUnload() {
  bridge?.stop();
  bridge = null;
}

export async function health() {
  return bridge?.isOpen() ? { status: "ok" } : { status: "down", detail: "not connected to Slack" };
}

/** Build a running bridge. `fetch` and `WebSocket` may be given by the host. */
export function createBridge({ host, config, logger, fetch, WebSocket = globalThis.WebSocket, sleep }) {
  const call = createSlackApi({ fetch, sleep });
  const topics = new Map(Object.entries(config.channels ?? {}));
  const channels = new Map([...topics].map(([channel, topic]) => [topic, channel]));

  const off = host.on("message", async (message) => {
    if (message.from.startsWith("slack:")) return;
    const place = findPlace(message, channels, config.defaultChannel);
    if (!place) return;
    try {
      await call("chat.postMessage", config.SLACK_BOT_TOKEN, { ...place, text: format(message) });
    } catch (error) {
      logger.error("slack_post_failed", { message: message.id, code: error.code });
      await host.deadLetter(message, error.message);
    }
  });

  const socket = openSocketMode({
    call,
    logger,
    WebSocket,
    appToken: config.SLACK_APP_TOKEN,
    onEvent: (event) => {
      const message = toRelay(event, topics);
      if (message) host.publish(message);
    },
  });

  return {
    started: socket.started,
    isOpen: socket.isOpen,
    stop() {
      off();
      socket.stop();
    },
  };
}

/** A Slack event as a relay message; null for edits, joins and anything a bot wrote. */
export function toRelay(event, topics = new Map()) {
  const isSpeech = event.type === "message" || event.type === "app_mention";
  if (!isSpeech || event.subtype || event.bot_id || !event.text) return null;
  return {
    from: `slack:${event.user}`,
    to: topics.get(event.channel) ?? `slack:${event.channel}`,
    thread: `slack:${event.channel}:${event.thread_ts ?? event.ts}`,
    text: event.text,
  };
}

/** Where in Slack a relay message belongs: its thread, its topic's channel, or the default. */
export function findPlace(message, channels, defaultChannel) {
  const [system, channel, threadTs] = (message.thread ?? "").split(":");
  if (system === "slack" && channel) return { channel, thread_ts: threadTs };
  const found = channels.get(message.to) ?? defaultChannel;
  return found ? { channel: found } : null;
}

function format(message) {
  // Slack reads these three characters as markup.
  const text = message.text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
  return `*${message.from}*: ${text}`;
}
