"""People browsing: pages over the registry."""
