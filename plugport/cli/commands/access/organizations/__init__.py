"""The actions of `plugport org`."""
