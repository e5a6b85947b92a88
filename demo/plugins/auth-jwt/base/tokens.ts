// JSON Web Tokens (RFC 7519) signed with HMAC-SHA256, and nothing else: a verifier that takes its
// algorithm from the token can be talked into none.

import { createHmac, timingSafeEqual } from "node:crypto";

export interface Claims {
  sub: string;
  iat: number;
  exp: number;
  [name: string]: unknown;
}

export class TokenError extends Error {
  constructor(readonly code: "malformed" | "bad-signature" | "expired" | "unknown-key") {
    super(`the token is refused: ${code}`);
    this.name = "TokenError";
  }
}

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");

function signature(key: string, data: string): Buffer {
  return createHmac("sha256", key).update(data).digest();
}

export function signToken(claims: Claims, key: string, keyId?: string): string {
  const header = { alg: "HS256", typ: "JWT", ...(keyId ? { kid: keyId } : {}) };
  const data = `${encode(header)}.${encode(claims)}`;
  return `${data}.${signature(key, data).toString("base64url")}`;
}

/** The claims of a token that `findKey` has the key for. `now` is in seconds. Throws TokenError. */
export function verifyToken(
  token: string,
  findKey: (keyId: string | undefined) => string | undefined,
  now: number = Date.now() / 1000,
): Claims {
  const [header, payload, given, ...rest] = token.split(".");
  if (!header || !payload || !given || rest.length > 0) throw new TokenError("malformed");
  const { alg, kid } = decode(header) as { alg?: string; kid?: string };
  if (alg !== "HS256") throw new TokenError("malformed");
  const key = findKey(kid);
  if (key === undefined) throw new TokenError("unknown-key");
  const expected = signature(key, `${header}.${payload}`);
  const actual = Buffer.from(given, "base64url");
  if (actual.length !== expected.length || !timingSafeEqual(actual, expected)) {
    throw new TokenError("bad-signature");
  }
  const claims = decode(payload) as Claims;
  if (typeof claims.exp !== "number" || claims.exp <= now) throw new TokenError("expired");
  return claims;
}

function decode(part: string): unknown {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, "base64url").toString("utf8"));
    if (value !== null && typeof value === "object") return value;
  } catch {
    // falls through to the one error that callers see
  }
  throw new TokenError("malformed");
}
