"""The JSON of the registry itself."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings

from plugport.spec.api.instance import Instance


def build_instance() -> Instance:
    """Return the registry's name, its URL, and the hosts from which it serves packages."""
    hosts = [urlsplit(settings.BASE_URL).netloc, *settings.DOWNLOAD_HOSTS]
    return {
        "name": settings.REGISTRY_NAME,
        "url": settings.BASE_URL,
        "downloadHosts": list(dict.fromkeys(hosts)),
    }
