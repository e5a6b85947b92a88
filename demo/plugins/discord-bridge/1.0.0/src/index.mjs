// The plugin itself: Discord's messages go to the relay, and the other way round.

import { Gateway } from "./gateway.mjs";
import { createRest } from "./rest.mjs";

let bridge = null;

export async function onLoad(context) {
  bridge = createBridge(context);
}

export async function onUnload() {
  bridge?.stop();
  bridge = null;
}

export async function health() {
  const state = bridge?.state() ?? "closed";
  return state === "ready" ? { status: "ok" } : { status: "down", detail: `gateway is ${state}` };
}

/** Build a running bridge. `fetch` and `WebSocket` may be given by the host. */
export function createBridge({ host, config, logger, fetch, sleep, WebSocket = globalThis.WebSocket }) {
  if (!WebSocket) throw new Error("this Node has no WebSocket: Node 22 or later is needed");
  const topics = new Map(Object.entries(config.channels ?? {}));
  const channels = new Map([...topics].map(([channel, topic]) => [topic, channel]));
  const rest = createRest({ token: config.DISCORD_BOT_TOKEN, fetch, sleep });

  const gateway = new Gateway({
    token: config.DISCORD_BOT_TOKEN,
    logger,
    WebSocket,
    onMessage: (event) => {
      const message = toRelay(event, topics);
      if (message) host.publish(message);
    },
  });

  const off = host.on("message", async (message) => {
    if (message.from.startsWith("discord:")) return;
    const [system, threadChannel, replyTo] = (message.thread ?? "").split(":");
    const isReply = system === "discord" && Boolean(threadChannel);
    const channel = isReply ? threadChannel : (channels.get(message.to) ?? config.defaultChannel);
    if (!channel) return;
    try {
      await rest.send(channel, `**${message.from}**: ${message.text}`, isReply ? replyTo : undefined);
    } catch (error) {
      logger.error("discord_post_failed", { message: message.id, status: error.status });
      await host.deadLetter(message, error.message);
    }
  });

  gateway.open();
  return {
    state: () => gateway.state,
    stop() {
      off();
      gateway.stop();
    },
  };
}

/** A Discord message as a relay message; null for bots (this one too) and empty texts. */
export function toRelay(event, topics = new Map()) {
  if (event.author?.bot || !event.content) return null;
  return {
    from: `discord:${event.author.username}`,
    to: topics.get(event.channel_id) ?? `discord:${event.channel_id}`,
    thread: `discord:${event.channel_id}:${event.id}`,
    text: event.content,
  };
}
