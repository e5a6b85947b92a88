"""Domains: their names, what DNS says about them, and the proof that one belongs to an owner.

Accounts and groups of code hosts are proven in the same way: `github.com/acme` is a *namespace*.

names.py       which names can be proven at all
lookups.py     queries to DNS, within limits
namespaces.py  names of accounts and groups of code hosts, and the files that prove them
challenge.py   the record or file that proves a domain or namespace
"""
