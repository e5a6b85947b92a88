import assert from "node:assert/strict";
import { test } from "node:test";

import { createVerifier, sign } from "../src/signature.mjs";

test("a recorded call cannot be sent again", () => {
  const verify = createVerifier({ secret: "only-for-this-test", toleranceSeconds: 300 });
  const header = sign("only-for-this-test", "{}", 1_000);
  assert.equal(verify(header, "{}", 1_001), null);
  assert.equal(verify(header, "{}", 1_002), "the call was taken before");
  assert.equal(verify(header, "{}", 1_301), "the call is too old");
});
