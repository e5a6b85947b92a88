"""The public JSON of plugins and releases: models in, objects of `plugport.spec.api` out.

A plugin's document is stored with every change and served as it is; a release's is built for each
request. Building reads no database row that the caller has not loaded; only `compared_releases` loads
the contents of the releases that it compares.
"""
