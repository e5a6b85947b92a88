// Socket Mode: Slack sends events over a WebSocket that this side opens.

/**
 * Keep one connection open and hand every event to `onEvent`.
 * Slack closes connections now and then; each close is followed by a new connection.
 */
export function openSocketMode({ call, appToken, onEvent, logger, WebSocket, delayMs = backoff }) {
  let socket = null;
  let stopped = false;
  let failures = 0;
  let timer = null;

  async function connect() {
    if (stopped) return;
    try {
      const { url } = await call("apps.connections.open", appToken);
      // The host may have stopped the plugin while Slack was answering.
      if (stopped) return;
      socket = new WebSocket(url);
      socket.addEventListener("message", ({ data }) => receive(JSON.parse(data)));
      socket.addEventListener("close", reconnect);
      socket.addEventListener("error", () => logger.warn("slack_socket_error"));
    } catch (error) {
      logger.warn("slack_connect_failed", { error: error.message });
      reconnect();
    }
  }

  function receive(envelope) {
    if (envelope.type === "hello") failures = 0;
    if (envelope.type === "disconnect") return socket.close();
    // Slack repeats what is not acknowledged within three seconds, so this comes before any work.
    if (envelope.envelope_id) socket.send(JSON.stringify({ envelope_id: envelope.envelope_id }));
    if (envelope.type === "events_api") onEvent(envelope.payload.event);
  }

  function reconnect() {
    if (stopped) return;
    failures += 1;
    clearTimeout(timer);
    timer = setTimeout(connect, delayMs(failures));
  }

  const started = connect();
  return {
    started,
    isOpen: () => socket?.readyState === 1,
    stop() {
      stopped = true;
      clearTimeout(timer);
      socket?.close();
    },
  };
}

function backoff(failures) {
  return Math.min(2 ** failures * 500, 60_000) * (0.75 + Math.random() / 2);
}
