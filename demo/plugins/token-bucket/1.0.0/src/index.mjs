// A bucket a sender: filled steadily, emptied by messages.

let limits = null;
const buckets = new Map();

export async function onLoad({ config }) {
  limits = { perMinute: config.perMinute ?? 60, burst: config.burst ?? 10, perSender: config.perSender ?? {} };
  buckets.clear();
}

export async function onUnload() {
  buckets.clear();
}

export async function health() {
  return { status: limits ? "ok" : "down", senders: buckets.size };
}

/** May this message pass now? `now` is in seconds. */
export function decide(message, now = performance.now() / 1000) {
  const { perMinute, burst } = { ...limits, ...limits.perSender[message.from] };
  const bucket = buckets.get(message.from) ?? { tokens: burst, at: now };
  const perSecond = perMinute / 60;
  bucket.tokens = Math.min(burst, bucket.tokens + Math.floor((now - bucket.at) * perSecond));
  bucket.at = now;
  buckets.set(message.from, bucket);
  if (bucket.tokens >= 1) {
    bucket.tokens -= 1;
    return { allowed: true };
  }
  return {
    allowed: false,
    reason: `${message.from} sends too fast`,
    retryAfterSeconds: (1 - bucket.tokens) / perSecond,
  };
}
