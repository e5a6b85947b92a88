// Posting messages. Discord says how many calls are left and when to come back; both are kept.

const BASE = "https://discord.com/api/v10";
const MAX_CHARS = 2000;
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export class DiscordError extends Error {
  constructor(status, detail) {
    super(`Discord answered ${status}: ${detail}`);
    this.name = "DiscordError";
    this.status = status;
  }
}

export function createRest({ token, fetch = globalThis.fetch, sleep = wait, maxAttempts = 5 }) {
  const queues = new Map();

  async function post(path, body) {
    for (let attempt = 1; ; attempt += 1) {
      const response = await fetch(BASE + path, {
        method: "POST",
        headers: { authorization: `Bot ${token}`, "content-type": "application/json" },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(15_000),
      });
      const answer = await response.json().catch(() => ({}));
      if (response.ok) {
        if (response.headers.get("x-ratelimit-remaining") === "0") {
          await sleep(Number(response.headers.get("x-ratelimit-reset-after") ?? 1) * 1000);
        }
        return answer;
      }
      const mayRepeat = response.status === 429 || response.status >= 500;
      if (!mayRepeat || attempt === maxAttempts) {
        throw new DiscordError(response.status, answer.message ?? "no detail");
      }
      await sleep(response.status === 429 ? (answer.retry_after ?? 1) * 1000 : 2 ** attempt * 250);
    }
  }

  return {
    /** Post a text to a channel, after the texts already waiting for it. */
    send(channel, text, replyTo) {
      const parts = splitText(text).map((content, index) => ({
        content,
        allowed_mentions: { parse: [] },
        ...(replyTo && index === 0
          ? { message_reference: { message_id: replyTo, fail_if_not_exists: false } }
          : {}),
      }));
      const before = queues.get(channel) ?? Promise.resolve();
      const sent = before
        .catch(() => {})
        .then(async () => {
          for (const part of parts) await post(`/channels/${encodeURIComponent(channel)}/messages`, part);
        });
      queues.set(channel, sent);
      const forget = () => queues.get(channel) === sent && queues.delete(channel);
      sent.then(forget, forget);
      return sent;
    },
  };
}

/** Cut a text into parts that Discord takes, at line ends or blanks where there are any. */
export function splitText(text, limit = MAX_CHARS) {
  const parts = [];
  let rest = text;
  while (rest.length > limit) {
    const head = rest.slice(0, limit);
    const at = Math.max(head.lastIndexOf("\n"), head.lastIndexOf(" "));
    const end = at > limit / 2 ? at : limit;
    parts.push(rest.slice(0, end));
    rest = rest.slice(end).trimStart();
  }
  return rest ? [...parts, rest] : parts;
}
