"""Users, their tokens and the audit log. Independent of plugins."""
