import { render, type Template } from "./templates.ts";

export interface Mail {
  from: string;
  to: string;
  subject: string;
  text: string;
}

export type Deliver = (mail: Mail) => Promise<void>;

export interface OutboxOptions {
  from: string;
  deliver: Deliver;
  templates: Record<string, Template>;
  attempts?: number;
  sleep?: (ms: number) => Promise<void>;
}

export interface FailedMail {
  mail: Mail;
  reason: string;
}

export interface OutboxService {
  send(template: string, to: string, values: Record<string, string>): void;
  waiting(): number;
  failed(): readonly FailedMail[];
  drain(): Promise<void>;
}

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export function emailOutbox({ from, deliver, templates, attempts = 5, sleep = wait }: OutboxOptions) {
  const service = (): OutboxService => {
    const running = new Set<Promise<void>>();
    const failures: FailedMail[] = [];

    async function deliverWithRetries(mail: Mail): Promise<void> {
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await deliver(mail);
        } catch (error) {
          if (attempt >= attempts) {
            failures.push({ mail, reason: error instanceof Error ? error.message : String(error) });
            return;
          }
          await sleep(4 ** (attempt - 1) * 1000);
        }
      }
    }

    return {
      send(template, to, values) {
        const found = templates[template];
        if (!found) throw new Error(`email-outbox: there is no template ${template}`);
        const mail = { from, to: checkHeader(to), ...render(found, values) };
        checkHeader(mail.subject);
        const job = deliverWithRetries(mail).finally(() => running.delete(job));
        running.add(job);
      },
      waiting: () => running.size,
      failed: () => failures,
      async drain() {
        while (running.size > 0) await Promise.all(running);
      },
    };
  };
  return { name: "emailOutbox", version: "0.4.0", dependencies: [] as string[], service };
}

/** Deliver by posting JSON to a mail API. */
export function httpMailer({ url, token }: { url: string; token: string }): Deliver {
  return async (mail) => {
    const response = await fetch(url, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify(mail),
      signal: AbortSignal.timeout(15_000),
    });
    if (!response.ok) throw new Error(`the mail API answered ${response.status}`);
  };
}

// A line break in a header field starts another field: `Bcc:` for instance.
function checkHeader(value: string): string {
  if (/[\r\n]/.test(value)) throw new Error("email-outbox: a header field has a line break");
  return value;
}
