"""What changed between two releases: pure comparison, for server and client alike."""
