// Events API: Slack calls this side over HTTP. Only requests with Slack's signature are read.

import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";

const MAX_BODY_BYTES = 1 << 20;
const MAX_AGE_SECONDS = 300;

/** Whether Slack signed this body, and recently enough not to be a replay. */
export function isFromSlack({ secret, timestamp, signature, body, now = Date.now() / 1000 }) {
  if (!/^\d{1,12}$/.test(timestamp ?? "") || Math.abs(now - Number(timestamp)) > MAX_AGE_SECONDS) {
    return false;
  }
  const expected = `v0=${createHmac("sha256", secret).update(`v0:${timestamp}:${body}`).digest("hex")}`;
  const given = Buffer.from(signature ?? "");
  return given.length === expected.length && timingSafeEqual(given, Buffer.from(expected));
}

/** Listen on 127.0.0.1 behind the operator's TLS proxy; same shape as `openSocketMode`. */
export function openEventsApi({ secret, port, onEvent, logger }) {
  const server = createServer(async (request, response) => {
    const body = await readBody(request);
    if (body === null) return response.writeHead(413).end();
    const isGenuine = isFromSlack({
      secret,
      body,
      timestamp: request.headers["x-slack-request-timestamp"],
      signature: request.headers["x-slack-signature"],
    });
    if (!isGenuine) {
      logger.warn("slack_signature_refused");
      return response.writeHead(401).end();
    }
    const payload = parse(body);
    if (payload?.type === "url_verification") return response.end(String(payload.challenge));
    response.writeHead(payload ? 200 : 400).end();
    if (payload?.type === "event_callback") onEvent(payload.event);
  });
  const started = new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  return { started, isOpen: () => server.listening, stop: () => server.close(), server };
}

async function readBody(request) {
  const chunks = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
