"""Settings, URLs, background work and the mapping of errors: what ties the apps together."""
