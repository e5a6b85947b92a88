"""An HTTP client for URLs that users supply, protected against SSRF (CWE-918).

    resource = Fetcher().fetch(url, max_bytes=1 << 20, seconds=5)

A registry runs inside a network, and a user who makes it fetch a URL acts from inside that
network. So it only connects to public addresses, on the default ports of http and https, without
cookies, credentials or proxies from the environment, within limits of time and size.

    addresses.py      which IP addresses are public
    private_hosts.py  which others the operator allows for a purpose
    resolver.py       the addresses of a host name, with a time-out
    network.py        connect to a checked address, and to no other
    client.py         one GET with its redirects
"""

from common.http.private_hosts import PrivateHosts
from common.http.safe.client import FetchedResource, Fetcher, Reply
from common.http.safe.errors import FetchFailedError, FetchRefusedError

__all__ = [
    "FetchFailedError",
    "FetchRefusedError",
    "FetchedResource",
    "Fetcher",
    "PrivateHosts",
    "Reply",
]
