"""Asking other machines for something, at addresses that strangers chose.

    fetched = Fetcher().fetch(url, max_bytes=1 << 20, seconds=5)

A registry stands inside a network, and whoever makes it fetch an address speaks from there. So
nothing is asked but public addresses, on the default ports of http and https, with no cookie,
no credential and no proxy of the environment, within a time and a size.

    addresses.py   which addresses are public: data, and one function
    resolving.py   a name's addresses, within a time
    network.py     connects to the address that was checked, and to no other
    fetcher.py     one GET with its redirects
"""

from registry.fetching.errors import FetchFailedError, FetchRefusedError
from registry.fetching.fetcher import Fetched, Fetcher

__all__ = ["FetchFailedError", "FetchRefusedError", "Fetched", "Fetcher"]
