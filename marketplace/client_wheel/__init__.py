"""The wheel of the command line, built from the source of this registry and served by it."""
