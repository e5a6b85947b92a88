"""Download counts: which bytes went out, which downloads are complete, and their sums."""
