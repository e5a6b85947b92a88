"""OpenID Connect: the authorization code flow with PKCE, state and nonce (OpenID Connect Core 1.0)."""
