"""Manifests: all manifest formats parsed into one model, and written back without loss."""
