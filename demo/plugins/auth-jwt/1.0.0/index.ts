import { type Claims, signToken, TokenError, verifyToken } from "./tokens.ts";

export { type Claims, TokenError };

export interface AuthOptions {
  key: string;
  ttlSeconds?: number;
}

export interface AuthService {
  issue(subject: string, claims?: Record<string, unknown>): string;
  check(authorization: string | null): Claims;
}

const MIN_KEY_LENGTH = 32;

export function authJwt({ key, ttlSeconds = 900 }: AuthOptions) {
  if (key.length < MIN_KEY_LENGTH) {
    throw new Error(`auth-jwt: the key has ${key.length} characters, at least ${MIN_KEY_LENGTH} are needed`);
  }
  return {
    name: "authJwt",
    version: "1.0.0",
    dependencies: [] as string[],
    service: (): AuthService => ({
      issue(subject, claims = {}) {
        const now = Math.floor(Date.now() / 1000);
        return signToken({ ...claims, sub: subject, iat: now, exp: now + ttlSeconds }, key);
      },
      check(authorization) {
        const token = /^Bearer (\S+)$/i.exec(authorization ?? "")?.[1];
        if (!token) throw new TokenError("malformed");
        return verifyToken(token, () => key);
      },
    }),
  };
}
