"""The calls of the API about claims to plugins and scopes of others."""

from __future__ import annotations

import builtins
from collections.abc import Mapping, Sequence
from typing import Any

from plugport.client.http import HttpSession
from plugport.client.models import list_rows, require_object
from plugport.client.urls import RegistryUrl

Document = Mapping[str, Any]


class ClaimsClient:
    """Claims of one registry. Every method returns the document, and raises the error, of the registry."""

    def __init__(self, registry: RegistryUrl, http: HttpSession) -> None:
        self._registry = registry
        self._http = http

    def list(self) -> builtins.list[Document]:
        """Return the claims of the account, the open ones that it can answer, and those that it decides."""
        document = self._http.get_json(self._registry.api("/me/claims"))
        rows = list_rows(require_object(document, "claims"), "claims")
        return [require_object(row, "a claim") for row in rows]

    def make(
        self, target: str, *, kind: str, reason: str, evidence: Sequence[str] = (), to: str = ""
    ) -> Document:
        """Claim a plugin, or a scope with its `@`, for the account or the organization `to`."""
        body: dict[str, Any] = {"name": target, "kind": kind, "reason": reason}
        if evidence:
            body["evidence"] = [*evidence]
        if to:
            body["to"] = to
        return require_object(self._http.post_json(self._registry.api("/claims"), body), "a claim")

    def answer(self, number: int, answer: str, reason: str = "") -> Document:
        """Send one of `CLAIM_ANSWERS`; return the claim."""
        body = {"answer": answer, "reason": reason} if reason else {"answer": answer}
        url = self._registry.api(f"/claims/{number}/answer")
        return require_object(self._http.post_json(url, body), "a claim")
