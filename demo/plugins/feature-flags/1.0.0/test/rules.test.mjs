import assert from "node:assert/strict";
import { test } from "node:test";

import { decide, parseFlags, shareOf } from "../rules.mjs";

const flags = parseFlags({
  editor: {
    rules: [{ when: { plan: ["team"] }, value: true }, { share: 20, value: "trial" }],
    otherwise: false,
  },
});

test("the first rule that fits decides", () => {
  assert.deepEqual(decide(flags.get("editor"), "editor", { plan: "team" }), { value: true, rule: 1 });
  assert.deepEqual(decide(undefined, "other", {}, 7), { value: 7, rule: "unknown flag" });
});

test("a share takes about that many people, always the same ones", () => {
  const people = Array.from({ length: 5000 }, (_, n) => ({ user: `u${n}` }));
  const chosen = people.filter((p) => decide(flags.get("editor"), "editor", p).value === "trial");
  assert.ok(Math.abs(chosen.length - 1000) < 120, String(chosen.length));
  assert.equal(shareOf("editor", "u1"), shareOf("editor", "u1"));
  assert.notEqual(shareOf("editor", "u1"), shareOf("search", "u1"));
});

test("wrong rules are named", () => {
  assert.throws(() => parseFlags({ a: { rules: [{ share: 120, value: 1 }] } }), /flag `a`, rule 1/);
  assert.throws(() => parseFlags({ a: { rules: [{ share: 1 }] } }), /`value` is missing/);
});
