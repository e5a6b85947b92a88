import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { decide, health, onLoad } from "../src/index.mjs";

beforeEach(() => onLoad({ config: { perMinute: 60, burst: 2, perSender: { fast: { burst: 5 } } } }));

const ask = (now, from = "a") => decide({ from }, now);

test("a burst passes, then one a second", () => {
  assert.deepEqual([ask(0), ask(0), ask(0)].map(({ allowed }) => allowed), [true, true, false]);
  assert.equal(ask(1).allowed, true);
});

test("asking often does not lock a sender out", () => {
  ask(0);
  ask(0);
  for (let tenth = 1; tenth < 10; tenth += 1) assert.equal(ask(tenth / 10).allowed, false);
  assert.equal(ask(1.01).allowed, true);
});

test("the refusal says when to come back", () => {
  ask(0);
  ask(0);
  assert.equal(ask(0.25).retryAfterSeconds, 0.75);
});

test("senders have limits of their own, and silent ones are forgotten", async () => {
  assert.equal([1, 2, 3, 4, 5, 6].filter(() => ask(0, "fast").allowed).length, 5);
  for (let n = 0; n < 1000; n += 1) ask(100, "noisy");
  assert.equal((await health()).senders, 1);
});
