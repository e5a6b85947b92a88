// The plugin itself: what arrives from Slack goes to the relay, and the other way round.

import { openEventsApi } from "./events-api.mjs";
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
  return bridge?.isOpen() ? { status: "ok" } : { status: "down", detail: "no way in from Slack" };
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

  const onEvent = (event) => {
    const message = toRelay(event, topics);
    if (message) host.publish(message);
  };
  const source = openSource({ config, call, logger, WebSocket, onEvent });

  return {
    started: source.started,
    isOpen: source.isOpen,
    stop() {
      off();
      source.stop();
    },
  };
}

function openSource({ config, call, logger, WebSocket, onEvent }) {
  if (config.mode === "events") {
    if (!config.SLACK_SIGNING_SECRET) throw new Error("mode `events` needs SLACK_SIGNING_SECRET");
    const { SLACK_SIGNING_SECRET: secret, port = 8090 } = config;
    return openEventsApi({ secret, port, logger, onEvent });
  }
  if (!config.SLACK_APP_TOKEN) throw new Error("mode `socket` needs SLACK_APP_TOKEN");
  return openSocketMode({ call, logger, WebSocket, onEvent, appToken: config.SLACK_APP_TOKEN });
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
