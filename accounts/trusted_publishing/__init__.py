"""Identity tokens of CI systems (OpenID Connect), and the short-lived tokens they are exchanged for.

A CI job proves what it is with a JWT that its system signs. Plugport accepts it once, from issuers
that are configured, and issues an opaque token in its place. JWTs are used nowhere else: a token of
Plugport can be revoked at once, and nothing in it can be misread.

    assertions.py   is the JWT genuine, for this registry, and valid now
    keys.py         the public keys of its issuer, fetched and stored
    used.py         is it used for the first time
    providers/      do its claims fit a configuration; one module for each CI system

`accounts.actions.tokens.mint_token` creates the token in its place, and `registry.publishing.trusted` decides who may configure what, and for which plugins.
"""
