// One topic, one URL, one attempt.

let off = () => {};
let failures = 0;

export async function onLoad({ host, config, logger, fetch = globalThis.fetch }) {
  off = host.on("message", async (message) => {
    if (message.to !== config.topic) return;
    try {
      const response = await fetch(config.url, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(message),
        signal: AbortSignal.timeout(5_000),
      });
      if (!response.ok) throw new Error(`HTTP ${response.status}`);
    } catch (error) {
      failures += 1;
      logger.warn("webhook_failed", { message: message.id, error: error.message });
    }
  });
}

export async function onUnload() {
  off();
}

export async function health() {
  return { status: "ok", failures };
}
