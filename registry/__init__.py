"""The source of truth: plugins, releases, their files and checks, and the journal of it all."""
