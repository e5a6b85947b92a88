// The hook: one pass per kind, the surest kinds first.

import { isCardNumber, isIban } from "./check-digits.mjs";

const KINDS = {
  iban: { pattern: /\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b/g, isValid: isIban },
  card: { pattern: /\b\d(?:[ -]?\d){12,18}\b/g, isValid: isCardNumber },
  email: { pattern: /\b[\w.+-]{1,64}@(?:[\w-]{1,63}\.){1,8}[A-Za-z]{2,24}\b/g, isValid: () => true },
  phone: { pattern: /(?<![\w+])(?:\+|00)[1-9]\d{0,2}(?:[ ./-]?\(?\d{1,4}\)?){2,6}(?!\w)/g, isValid: isPhone },
};

let kinds = Object.keys(KINDS);
let keepLast = 0;

export async function onLoad({ config }) {
  kinds = Object.keys(KINDS).filter((kind) => (config.kinds ?? Object.keys(KINDS)).includes(kind));
  keepLast = config.keepLast ?? 0;
}

export async function health() {
  return { status: "ok", kinds };
}

export async function onMessage(message) {
  const { text, counts } = redact(message.text, { kinds, keepLast });
  if (Object.keys(counts).length === 0) return message;
  return { ...message, text, metadata: { ...message.metadata, redacted: counts } };
}

/** Replace what the kinds find. Returns the new text and how often each kind was found. */
export function redact(text, options = {}) {
  const { kinds: wanted = Object.keys(KINDS), keepLast: last = 0 } = options;
  const counts = {};
  let result = text;
  for (const kind of wanted) {
    const { pattern, isValid } = KINDS[kind];
    result = result.replace(pattern, (match) => {
      if (!isValid(match)) return match;
      counts[kind] = (counts[kind] ?? 0) + 1;
      const isNumber = kind === "card" || kind === "iban";
      const kept = isNumber && last ? ` …${match.replace(/\W/g, "").slice(-last)}` : "";
      return `[${kind}${kept}]`;
    });
  }
  return { text: result, counts };
}

function isPhone(text) {
  const digits = text.replace(/\D/g, "").replace(/^00/, "");
  return digits.length >= 8 && digits.length <= 15;
}
