import { type Claims, signToken, TokenError, verifyToken } from "./tokens.ts";

export { type Claims, TokenError };

export interface NamedKey {
  id: string;
  key: string;
}

export interface AuthOptions {
  /** The newest first: it signs, the others are only accepted. */
  keys?: NamedKey[];
  key?: string;
  ttlSeconds?: number;
}

export interface AuthService {
  issue(subject: string, claims?: Record<string, unknown>): string;
  check(authorization: string | null): Claims;
}

const MIN_KEY_LENGTH = 32;

export function authJwt({ key, keys = key ? [{ id: "default", key }] : [], ttlSeconds = 900 }: AuthOptions) {
  const [newest] = keys;
  const oldest = keys.at(-1);
  if (!newest || !oldest) throw new Error("auth-jwt: at least one key is needed");
  for (const { id, key: text } of keys) {
    if (text.length < MIN_KEY_LENGTH) {
      throw new Error(`auth-jwt: the key ${id} has ${text.length} characters, at least ${MIN_KEY_LENGTH} are needed`);
    }
  }
  // Tokens of version 1.0 name no key; they can only be of the oldest one.
  const findKey = (id: string | undefined): string | undefined =>
    id === undefined ? oldest.key : keys.find((each) => each.id === id)?.key;

  return {
    name: "authJwt",
    version: "1.1.0",
    dependencies: [] as string[],
    service: (): AuthService => ({
      issue(subject, claims = {}) {
        const now = Math.floor(Date.now() / 1000);
        const all = { ...claims, sub: subject, iat: now, exp: now + ttlSeconds };
        return signToken(all, newest.key, newest.id);
      },
      check(authorization) {
        const token = /^Bearer (\S+)$/i.exec(authorization ?? "")?.[1];
        if (!token) throw new TokenError("malformed");
        return verifyToken(token, findKey);
      },
    }),
  };
}
