import { createHash, randomBytes } from "node:crypto";

export interface TicketStore {
  put(hash: string, email: string, expiresAt: number): void;
  /** Remove and return: a ticket is taken once. */
  take(hash: string): { email: string; expiresAt: number } | undefined;
}

export interface MagicLinkOptions {
  baseUrl: string;
  ttlSeconds?: number;
  store?: TicketStore;
  clock?: () => number;
}

interface Plugins {
  authJwt: { issue(subject: string, claims?: Record<string, unknown>): string };
  emailOutbox: { send(template: string, to: string, values: Record<string, string>): void };
}

const MAIL_EVERY_SECONDS = 60;
const MAX_TICKETS = 10_000;

export function magicLink({
  baseUrl,
  ttlSeconds = 600,
  store = createMemoryStore(),
  clock = () => Date.now() / 1000,
}: MagicLinkOptions) {
  const lastMail = new Map<string, number>();

  return {
    name: "magicLink",
    version: "1.0.0",
    dependencies: ["authJwt", "emailOutbox"],
    service: ({ plugins }: { plugins: Plugins }) => ({
      async start(address: string): Promise<void> {
        const email = address.trim().toLowerCase();
        const now = clock();
        for (const [other, at] of lastMail) if (now - at >= MAIL_EVERY_SECONDS) lastMail.delete(other);
        if (lastMail.has(email)) return;
        lastMail.set(email, now);
        const ticket = randomBytes(32).toString("base64url");
        store.put(hash(ticket), email, now + ttlSeconds);
        plugins.emailOutbox.send("signIn", email, { link: new URL(`/sign-in/${ticket}`, baseUrl).href });
      },
      redeem(ticket: string): string | null {
        const found = store.take(hash(ticket));
        if (!found || found.expiresAt <= clock()) return null;
        return plugins.authJwt.issue(found.email, { via: "magic-link" });
      },
    }),
  };
}

function hash(ticket: string): string {
  return createHash("sha256").update(ticket).digest("hex");
}

/** Tickets in memory, bounded: the oldest make room. */
export function createMemoryStore(): TicketStore {
  const tickets = new Map<string, { email: string; expiresAt: number }>();
  return {
    put(key, email, expiresAt) {
      const [oldest] = tickets.keys();
      if (tickets.size >= MAX_TICKETS && oldest !== undefined) tickets.delete(oldest);
      tickets.set(key, { email, expiresAt });
    },
    take(key) {
      const found = tickets.get(key);
      tickets.delete(key);
      return found;
    },
  };
}
