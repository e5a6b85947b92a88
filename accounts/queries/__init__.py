"""Reads, one module for each subject."""
