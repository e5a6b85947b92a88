"""Plugport: publish, find, install and pin plugins.

The package is Django-free. `plugport.spec` holds the rules that the registry and its
clients share; the rest is the user's side: client, installer and command line.
"""

__version__ = "0.1.0"
