"""Which responses others may store: browsers, shared caches, the gateway."""
