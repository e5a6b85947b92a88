// A small client of Slack's Web API: one call, one answer.

const BASE = "https://slack.com/api/";
const TIMEOUT_MS = 15_000;

export class SlackError extends Error {
  constructor(method, code) {
    super(`Slack refused ${method}: ${code}`);
    this.name = "SlackError";
    this.code = code;
  }
}

export function createSlackApi({ fetch = globalThis.fetch } = {}) {
  /** Call a Web API method. Throws SlackError with Slack's own code. */
  return async function call(method, token, body = {}) {
    const response = await fetch(BASE + method, {
      method: "POST",
      headers: {
        authorization: `Bearer ${token}`,
        "content-type": "application/json; charset=utf-8",
      },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const answer = await response.json();
    if (!answer.ok) throw new SlackError(method, answer.error ?? `HTTP ${response.status}`);
    return answer;
  };
}
