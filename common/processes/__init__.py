"""Facts about the processes of a registry."""
