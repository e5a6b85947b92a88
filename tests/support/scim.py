"""A SCIM service for tests: its token, and requests as an identity provider sends them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from django.test import Client

from accounts.actions.scim.tokens import create_scim_token
from accounts.models import Organization, ScimUser, User

USER_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:Group"
PATCH_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
CONTENT_TYPE = "application/scim+json"


@dataclass
class Answer:
    """The response: its status, its JSON and its headers."""

    status: int
    json: Any
    headers: dict[str, str]


@dataclass
class Provider:
    """An identity provider with the SCIM token of an organization."""

    organization: Organization
    token: str
    client: Client = field(default_factory=Client)

    def send(
        self, method: str, path: str, body: Any = None, /, token: str | None = None, **headers: str
    ) -> Answer:
        """Send a request below the address of the organization."""
        url = f"/scim/v2/{self.organization.owner.name}/{path}"
        text = self.token if token is None else token
        if text:
            headers["Authorization"] = f"Bearer {text}"
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body)
        response = self.client.generic(
            method,
            url,
            data,
            content_type=CONTENT_TYPE,
            headers={name.replace("_", "-"): value for name, value in headers.items()},
        )
        if response.content:
            assert response.headers["Content-Type"] == CONTENT_TYPE, response.content[:300]
        document = json.loads(response.content) if response.content else None
        return Answer(response.status_code, document, dict(response.headers))

    def create_user(
        self, user_name: str = "jane@harbor.example", /, **values: Any
    ) -> dict[str, Any]:
        """Create a user; returns it."""
        answer = self.send("POST", "Users", build_user(user_name, **values))
        assert answer.status == 201, answer.json
        return dict(answer.json)

    def create_group(self, name: str, /, *members: str, **values: Any) -> dict[str, Any]:
        """Create a group with the ids of its members; returns it."""
        body = {"schemas": [GROUP_SCHEMA], "displayName": name, **values}
        body["members"] = [{"value": member} for member in members]
        answer = self.send("POST", "Groups", body)
        assert answer.status == 201, answer.json
        return dict(answer.json)

    def patch(self, path: str, *operations: Any, **headers: str) -> Answer:
        """Send a PATCH with the operations."""
        body = {"schemas": [PATCH_SCHEMA], "Operations": list(operations)}
        return self.send("PATCH", path, body, **headers)

    def get_account(self, user_id: str) -> User:
        """The account of a user."""
        return ScimUser.objects.select_related("user").get(public_id=user_id).user


def build_user(user_name: str, /, **values: Any) -> dict[str, Any]:
    """The body of a request for a user."""
    return {
        "schemas": [USER_SCHEMA],
        "userName": user_name,
        "emails": [{"value": user_name, "type": "work", "primary": True}],
        **values,
    }


def build_provider(organization: Organization, owner: User) -> Provider:
    """Create a SCIM token of the organization."""
    _, text = create_scim_token(actor=owner, organization=organization, name="Okta")
    return Provider(organization, text)
