"""The JSON of the registry itself."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings

from plugport.spec.api.instance import Instance
from registry.downloads.sending import get_sender


def build_instance() -> Instance:
    """Return the registry's name, its URL, and the hosts from which it serves packages."""
    own_host = urlsplit(settings.BASE_URL).netloc
    hosts = [own_host, *settings.DOWNLOAD_HOSTS, *get_sender().list_hosts()]
    return {
        "name": settings.REGISTRY_NAME,
        "url": settings.BASE_URL,
        "downloadHosts": list(dict.fromkeys(hosts)),
    }
