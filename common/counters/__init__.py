"""Counters that all processes of a machine share."""
