"""The commands. Each module defines one `command` and imports slow modules in its functions."""
