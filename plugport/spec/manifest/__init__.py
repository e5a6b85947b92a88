"""Manifests: every dialect read into one model, and written back where nothing is lost."""
