import assert from "node:assert/strict";
import { test } from "node:test";

import { onLoad, onMessage, redact } from "../src/index.mjs";

const cases = [
  ["write to ada@example.org now", "write to [email] now"],
  ["card 4242 4242 4242 4242.", "card [card]."],
  ["order 4242 4242 4242 4241", "order 4242 4242 4242 4241"],
  ["pay GB82 WEST 1234 5698 7654 32", "pay [iban]"],
  ["pay GB82 WEST 1234 5698 7654 33", "pay GB82 WEST 1234 5698 7654 33"],
  ["call +49 30 901820 or 112", "call [phone] or 112"],
  ["@ada said 2026-03-02 10:15", "@ada said 2026-03-02 10:15"],
];
for (const [before, after] of cases) {
  test(`\`${before}\``, () => assert.equal(redact(before).text, after));
}

test("the last digits can be kept, and the message says what was replaced", async () => {
  await onLoad({ config: { kinds: ["card"], keepLast: 4 } });
  const message = await onMessage({ id: "m", text: "4242424242424242 a@b.org", metadata: { x: 1 } });
  assert.equal(message.text, "[card …4242] a@b.org");
  assert.deepEqual(message.metadata, { x: 1, redacted: { card: 1 } });
});

test("a long text without anything to find is quick", () => {
  assert.deepEqual(redact("a.".repeat(50_000)).counts, {});
});
