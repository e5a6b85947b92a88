"""The calls of the API about transfers of plugins and scopes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from plugport.client.http import HttpSession
from plugport.client.models import list_rows, require_object
from plugport.client.urls import RegistryUrl, quote_path_segment
from plugport.spec.names import PluginName, parse_scope

Document = Mapping[str, Any]


class TransfersClient:
    """Transfers of one registry. Every method returns the document, and raises the error, of the registry."""

    def __init__(self, registry: RegistryUrl, http: HttpSession) -> None:
        self._registry = registry
        self._http = http

    def offer_plugin(self, name: PluginName, to: str) -> Document:
        """Offer a plugin to an account or organization."""
        return self._offer("plugins", str(name), to)

    def offer_scope(self, scope: str, to: str) -> Document:
        """Offer a scope, given without the `@`, with its plugins."""
        return self._offer("scopes", parse_scope(scope), to)

    def list(self) -> list[Document]:
        """Return the open transfers to and from the account and its organizations."""
        document = self._http.get_json(self._registry.api("/me/transfers"))
        rows = list_rows(require_object(document, "transfers"), "transfers")
        return [require_object(row, "a transfer") for row in rows]

    def answer(self, number: int, answer: str) -> Document:
        """Send `accept`, `decline` or `cancel`; return the transfer."""
        url = self._registry.api(f"/me/transfers/{number}/{answer}")
        return require_object(self._http.post_json(url, {}), "a transfer")

    def _offer(self, kind: str, name: str, to: str) -> Document:
        url = self._registry.api(f"/{kind}/{quote_path_segment(name)}/transfer")
        return require_object(self._http.post_json(url, {"to": parse_scope(to)}), "a transfer")
