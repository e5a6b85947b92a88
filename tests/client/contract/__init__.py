"""A small registry for tests of the client: the HTTP contract, kept in memory, and no more."""
