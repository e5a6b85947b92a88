// The way in: an HTTP server that takes signed JSON and nothing else.

import { createServer } from "node:http";

import { createVerifier } from "./signature.mjs";

const MAX_BODY_BYTES = 256 << 10;
const PATH = /^\/hooks\/([A-Za-z0-9._-]{1,100})$/;

export function createReceiver({ secret, toleranceSeconds = 300, publish, logger }) {
  const verify = createVerifier({ secret, toleranceSeconds });

  return createServer(async (request, response) => {
    const answer = (status, detail) => {
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify({ detail }));
    };
    const topic = PATH.exec(request.url)?.[1];
    if (!topic) return answer(404, "post to /hooks/TOPIC");
    if (request.method !== "POST") return answer(405, "only POST is taken");
    const body = await readBody(request);
    if (body === null) return answer(413, `at most ${MAX_BODY_BYTES} bytes are taken`);
    const fault = verify(request.headers["x-relay-signature"], body);
    if (fault) {
      logger.warn("webhook_refused", { topic, fault });
      return answer(401, fault);
    }
    const value = parse(body);
    if (value === undefined) return answer(400, "the body is not JSON");
    try {
      await publish(toRelay(topic, value));
      answer(202, "taken");
    } catch (error) {
      logger.error("webhook_publish_failed", { topic, error: error.message });
      answer(503, "not now; send it again");
    }
  });
}

export function toRelay(topic, value) {
  const isObject = value !== null && typeof value === "object" && !Array.isArray(value);
  const text = isObject && typeof value.text === "string" ? value.text : JSON.stringify(value);
  return { from: "webhook", to: topic, text, metadata: isObject ? value : {} };
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
    return undefined;
  }
}
