"""Domains: their names, what DNS says about them, and the proof that one belongs to an owner.

names.py      which names can be proven at all
lookups.py    queries to DNS, within limits
challenge.py  the record that proves a domain
"""
