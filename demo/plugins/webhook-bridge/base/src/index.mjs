// The plugin itself: a server for the way in, a sender for the way out.

import { createReceiver } from "./receive.mjs";
import { createSender } from "./send.mjs";

let server = null;
let off = () => {};

export async function onLoad({ host, config, logger, fetch }) {
  const { WEBHOOK_SECRET: secret, port = 8088, attempts, toleranceSeconds } = config;
  server = createReceiver({ secret, toleranceSeconds, logger, publish: (message) => host.publish(message) });
  await new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });

  const send = createSender({ secret, attempts, fetch });
  const endpoints = new Map(Object.entries(config.endpoints ?? {}));
  off = host.on("message", async (message) => {
    const url = endpoints.get(message.to);
    if (!url || message.from === "webhook") return;
    try {
      await send(url, message);
    } catch (error) {
      logger.error("webhook_not_delivered", { message: message.id, error: error.message });
      await host.deadLetter(message, error.message);
    }
  });
}

export async function onUnload() {
  off();
  await new Promise((resolve) => (server ? server.close(resolve) : resolve()));
  server = null;
}

export async function health() {
  return server?.listening ? { status: "ok" } : { status: "down", detail: "the server does not listen" };
}
