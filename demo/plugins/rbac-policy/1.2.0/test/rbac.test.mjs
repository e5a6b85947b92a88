import assert from "node:assert/strict";
import { test } from "node:test";

import { covers, decide, explain, flattenRoles, onLoad } from "../src/index.mjs";

const config = {
  roles: {
    reader: { allow: ["messages:read"] },
    writer: { extends: ["reader"], allow: ["messages:send:team-*"] },
    admin: { extends: ["writer"], allow: ["*"], deny: ["audit:delete"] },
  },
  members: { scribe: ["writer"], root: ["admin"] },
  defaultRole: "reader",
};

test("own, inherited and default roles decide; the rest is refused", async () => {
  await onLoad({ config });
  const may = (actor, permission) => decide({ actor, permission }).allowed;
  assert.ok(may("scribe", "messages:send:team-blue"));
  assert.ok(may("scribe", "messages:read"));
  assert.ok(may("stranger", "messages:read"));
  assert.ok(!may("stranger", "messages:send:team-blue"));
  assert.ok(!may("scribe", "messages:send:board"));
});

test("a denial wins over everything", async () => {
  await onLoad({ config });
  assert.deepEqual(decide({ actor: "root", permission: "audit:delete" }), {
    allowed: false,
    reason: "denied by `audit:delete` of role `admin`",
  });
  assert.equal(explain({ actor: "root", permission: "audit:delete" }).length, 2);
});

test("cycles and unknown roles are refused by name", () => {
  assert.throws(() => flattenRoles({ a: { extends: ["b"] }, b: { extends: ["a"] } }), /a -> b -> a/);
  assert.throws(() => flattenRoles({ a: { extends: ["b"] } }), /`b` is used but not defined/);
});

test("patterns cover what is below them and nothing beside", () => {
  assert.ok(covers("messages", "messages:read"));
  assert.ok(!covers("messages:read", "messages"));
  assert.ok(!covers("message", "messages:read"));
});
