// The way out: signed posts, repeated with growing pauses.

import { sign } from "./signature.mjs";

const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export class DeliveryError extends Error {
  constructor(url, reason, attempts) {
    super(`${new URL(url).host} did not take the message in ${attempts} attempts: ${reason}`);
    this.name = "DeliveryError";
  }
}

export function createSender({ secret, attempts = 6, fetch = globalThis.fetch, sleep = wait, random = Math.random }) {
  /** Deliver a message. Throws DeliveryError when the endpoint will not have it. */
  return async function send(url, message) {
    const body = JSON.stringify(message);
    let reason = "";
    for (let attempt = 1; attempt <= attempts; attempt += 1) {
      try {
        const response = await fetch(url, {
          method: "POST",
          // A redirect could lead the signed body somewhere that nobody configured.
          redirect: "error",
          headers: {
            "content-type": "application/json",
            "x-relay-signature": sign(secret, body),
            "x-relay-attempt": String(attempt),
          },
          body,
          signal: AbortSignal.timeout(10_000),
        });
        await response.body?.cancel();
        if (response.ok) return attempt;
        reason = `HTTP ${response.status}`;
        if (response.status === 410) throw new DeliveryError(url, reason, attempt);
      } catch (error) {
        if (error instanceof DeliveryError) throw error;
        reason = error.message;
      }
      if (attempt < attempts) await sleep(2 ** (attempt - 1) * 1000 * (0.75 + random() / 2));
    }
    throw new DeliveryError(url, reason, attempts);
  };
}
