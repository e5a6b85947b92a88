"""Writes of single sign-on."""
