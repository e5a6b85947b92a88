"""Proxy for remote images of READMEs, so that browsers connect to no other host.

signed_urls     URLs `/images/<signature>/<payload>`, which only this registry can create
content_type    detects the type of an image by its content
disk_cache      stores images on disk, up to a total size
fetching        loads images from the cache or from their host, without blocking web threads
placeholder     the image shown when an image cannot be loaded
"""
