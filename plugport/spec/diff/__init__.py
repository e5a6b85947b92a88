"""Compare two releases: pure functions for server and client."""
