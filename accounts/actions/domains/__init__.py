"""Writes of the domains of owners."""
