"""The manifest dialects, one module each."""
