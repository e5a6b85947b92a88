"""The commands. Each module has one `command`, and imports what is slow inside its functions."""
