// A small client of Slack's Web API: one call, repeated where repeating can help.

const BASE = "https://slack.com/api/";
const RETRYABLE = new Set(["ratelimited", "internal_error", "service_unavailable", "request_timeout"]);
const TIMEOUT_MS = 15_000;

export class SlackError extends Error {
  constructor(method, code) {
    super(`Slack refused ${method}: ${code}`);
    this.name = "SlackError";
    this.code = code;
  }
}

const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export function createSlackApi({ fetch = globalThis.fetch, sleep = wait, maxAttempts = 5 } = {}) {
  async function callOnce(method, token, body) {
    const response = await fetch(BASE + method, {
      method: "POST",
      headers: {
        authorization: `Bearer ${token}`,
        "content-type": "application/json; charset=utf-8",
      },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (response.status === 429) {
      const seconds = Number(response.headers.get("retry-after") ?? 1);
      return { ok: false, error: "ratelimited", waitMs: Math.min(seconds, 120) * 1000 };
    }
    if (response.status >= 500) return { ok: false, error: "service_unavailable" };
    return response.json();
  }

  /** Call a Web API method. Throws SlackError once repeating is pointless or used up. */
  return async function call(method, token, body = {}) {
    let answer;
    for (let attempt = 1; attempt <= maxAttempts; attempt += 1) {
      try {
        answer = await callOnce(method, token, body);
      } catch (error) {
        answer = { ok: false, error: "service_unavailable", cause: error };
      }
      if (answer.ok) return answer;
      if (!RETRYABLE.has(answer.error) || attempt === maxAttempts) break;
      await sleep(answer.waitMs ?? Math.min(2 ** attempt * 250, 30_000));
    }
    throw new SlackError(method, answer.error);
  };
}
