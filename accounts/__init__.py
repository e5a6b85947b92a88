"""Who acts: people, their tokens, and the record of what they did. Knows nothing of plugins."""
