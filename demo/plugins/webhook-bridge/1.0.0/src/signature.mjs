// One signature for both ways: HMAC-SHA256 over time and body.

import { createHmac, timingSafeEqual } from "node:crypto";

const HEADER = /^t=(\d{1,12}),v1=([0-9a-f]{64})$/;

function compute(secret, time, body) {
  return createHmac("sha256", secret).update(`${time}.${body}`).digest("hex");
}

/** The header for a body. `time` is in seconds. */
export function sign(secret, body, time = Math.floor(Date.now() / 1000)) {
  return `t=${time},v1=${compute(secret, time, body)}`;
}

/** A function that returns what is wrong with a call, or null. */
export function createVerifier({ secret, toleranceSeconds }) {
  return function verify(header, body, now = Date.now() / 1000) {
    const [, time, given] = HEADER.exec(header ?? "") ?? [];
    if (!given) return "the signature header is missing or unreadable";
    if (Math.abs(now - Number(time)) > toleranceSeconds) return "the call is too old";
    const expected = Buffer.from(compute(secret, time, body));
    return timingSafeEqual(expected, Buffer.from(given)) ? null : "the signature is wrong";
  };
}
