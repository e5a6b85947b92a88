// A bucket a sender: filled steadily, emptied by messages.

const SWEEP_EVERY = 1000;

let limits = null;
let calls = 0;
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
  calls += 1;
  if (calls % SWEEP_EVERY === 0) forgetFullBuckets(now);
  const { burst, perSecond } = limitsOf(message.from);
  const tokens = fill(message.from, now);
  // Fractions are kept: a sender that asks often must fill as fast as one that waits.
  if (tokens >= 1) {
    buckets.set(message.from, { tokens: tokens - 1, at: now });
    return { allowed: true };
  }
  buckets.set(message.from, { tokens: Math.min(tokens, burst), at: now });
  return {
    allowed: false,
    reason: `${message.from} sends too fast`,
    retryAfterSeconds: (1 - tokens) / perSecond,
  };
}

function limitsOf(sender) {
  const { perMinute, burst } = { ...limits, ...limits.perSender[sender] };
  return { burst, perSecond: perMinute / 60 };
}

function fill(sender, now) {
  const { burst, perSecond } = limitsOf(sender);
  const bucket = buckets.get(sender);
  return bucket ? Math.min(burst, bucket.tokens + (now - bucket.at) * perSecond) : burst;
}

function forgetFullBuckets(now) {
  for (const sender of buckets.keys()) {
    if (fill(sender, now) >= limitsOf(sender).burst) buckets.delete(sender);
  }
}
