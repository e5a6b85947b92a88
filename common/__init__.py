"""Helpers that every app may import. Depends on Django, and on no app."""
