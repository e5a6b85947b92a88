"""The calls of the API about organizations."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from plugport.client.http import HttpSession
from plugport.client.models import ListedToken, list_rows, require_object
from plugport.client.tokens import Token
from plugport.client.urls import RegistryUrl, quote_path_segment

Document = Mapping[str, Any]


class OrganizationsClient:
    """Organizations of one registry. Every method returns the document, and raises the error, of the registry."""

    def __init__(self, registry: RegistryUrl, http: HttpSession) -> None:
        self._registry = registry
        self._http = http

    def create(self, name: str, display_name: str | None = None) -> Document:
        """Create an organization; the account of the token is its owner."""
        body = {"name": name} | ({} if display_name is None else {"displayName": display_name})
        return self._send("POST", self._registry.api("/organizations"), body)

    def get(self, name: str) -> Document:
        """Return the public texts of an organization."""
        return require_object(self._http.get_json(self._url(name)), "an organization")

    def delete(self, name: str) -> Document:
        """Delete an organization that owns no plugins. Its name stays reserved."""
        return self._send("DELETE", f"{self._url(name)}?confirmation={quote_path_segment(name)}")

    def get_rule(self, name: str, rule: str) -> Document:
        """Return whether `second-factor` or `sso-only` is required, and the members without."""
        return require_object(self._http.get_json(self._url(name, rule)), "a rule")

    def set_rule(self, name: str, rule: str, *, required: bool) -> Document:
        """Require `second-factor` or `sso-only` of the members, or no longer; returns the rule."""
        return self._send("PUT", self._url(name, rule), {"required": required})

    def list_members(self, name: str, search: str = "") -> Document:
        """Return all members that the account may see, and for managers the invitations.

        With `search`, only the members whose name has the text.
        """
        return self._get_all_members(self._url(name, "members"), "members", search)

    def list_memberships(self) -> Document:
        """Return the organizations of the account and its invitations."""
        url = self._registry.api("/me/organizations")
        return require_object(self._http.get_json(url), "memberships")

    def invite(self, name: str, addressee: str, role: str) -> Document:
        """Invite an account or an email address."""
        body = {"addressee": addressee, "role": role}
        return self._send("POST", self._url(name, "invitations"), body)

    def withdraw(self, name: str, number: int) -> Document:
        """Withdraw an invitation."""
        return self._send("DELETE", self._url(name, "invitations", str(number)))

    def answer(self, number: int, answer: str) -> Document:
        """Send `accept` or `decline` to an invitation of the account."""
        url = self._registry.api(f"/me/organization-invitations/{number}/{answer}")
        return self._send("POST", url, {})

    def change_role(self, name: str, username: str, role: str) -> Document:
        """Give a member another role."""
        return self._send("PATCH", self._url(name, "members", username), {"role": role})

    def remove(self, name: str, username: str) -> Document:
        """Remove a member, or leave."""
        return self._send("DELETE", self._url(name, "members", username))

    def list_teams(self, name: str) -> Document:
        """Return the teams."""
        return require_object(self._http.get_json(self._url(name, "teams")), "teams")

    def create_team(self, name: str, team: str) -> Document:
        """Create a team without members and rights; returns it."""
        document = self._send("POST", self._url(name, "teams"), {"name": team})
        return self._add_pages(document, self._url(name, "teams", team))

    def get_team(self, name: str, team: str) -> Document:
        """Return all members and the rights of a team."""
        return self._get_all_members(self._url(name, "teams", team), "a team")

    def delete_team(self, name: str, team: str) -> Document:
        """Delete a team, whose rights end at once."""
        return self._send("DELETE", self._url(name, "teams", team))

    def add_to_team(self, name: str, team: str, username: str) -> Document:
        """Add a member or a robot to a team; returns the team."""
        return self._change_team("PUT", name, team, "members", username)

    def remove_from_team(self, name: str, team: str, username: str) -> Document:
        """Take a member out of a team; returns the team."""
        return self._change_team("DELETE", name, team, "members", username)

    def give_right(self, name: str, team: str, target: str, role: str) -> Document:
        """Give a team a role in a plugin or scope; returns the team."""
        return self._change_team("PUT", name, team, "rights", target, body={"role": role})

    def take_right(self, name: str, team: str, target: str) -> Document:
        """Take the right in a plugin or scope away; returns the team."""
        return self._change_team("DELETE", name, team, "rights", target)

    def list_robots(self, name: str) -> Document:
        """Return the robots."""
        return require_object(self._http.get_json(self._url(name, "robots")), "robots")

    def create_robot(self, name: str, robot: str) -> Document:
        """Create a robot; its user name is that of the organization, `+` and `robot`."""
        return self._send("POST", self._url(name, "robots"), {"name": robot})

    def delete_robot(self, name: str, username: str) -> Document:
        """Delete a robot; its tokens are revoked."""
        return self._send("DELETE", self._url(name, "robots", username))

    def list_robot_tokens(self, name: str, username: str) -> list[ListedToken]:
        """Return the tokens of a robot that are not revoked."""
        document = self._http.get_json(self._url(name, "robots", username, "tokens"))
        rows = list_rows(require_object(document, "tokens"), "tokens")
        return [ListedToken.from_document(row) for row in rows]

    def create_robot_token(
        self, name: str, username: str, body: Mapping[str, Any]
    ) -> tuple[Document, Token]:
        """Create a token of a robot; return it with its text, which cannot be requested again."""
        document = self._send("POST", self._url(name, "robots", username, "tokens"), body)
        return document, Token.parse(str(document.get("token", "")))

    def rotate_robot_token(self, name: str, username: str, number: int) -> tuple[Document, Token]:
        """Replace a token of a robot by one that can do the same; return it with its text."""
        url = self._url(name, "robots", username, "tokens", str(number), "rotate")
        document = self._send("POST", url, {})
        return document, Token.parse(str(document.get("token", "")))

    def revoke_robot_token(self, name: str, username: str, number: int) -> ListedToken:
        """Revoke a token of a robot, and with it the tokens that it created."""
        url = self._url(name, "robots", username, "tokens", str(number))
        return ListedToken.from_document(self._send("DELETE", url))

    def list_sso_groups(self, name: str) -> Document:
        """Return the connections to identity providers, and the rules for their groups."""
        return require_object(self._http.get_json(self._url(name, "sso-groups")), "rules")

    def add_sso_group(self, name: str, rule: Mapping[str, str]) -> Document:
        """Give the people in a group a team or a role at their next sign-in; returns the rule."""
        return self._send("POST", self._url(name, "sso-groups"), rule)

    def remove_sso_group(self, name: str, number: str) -> Document:
        """Remove a rule for a group; returns it."""
        return self._send("DELETE", self._url(name, "sso-groups", number))

    def list_issuers(self, name: str) -> Document:
        """Return the issuers that are registered for the plugins of an organization."""
        return require_object(self._http.get_json(self._url(name, "issuers")), "issuers")

    def register_issuer(self, name: str, url: str) -> Document:
        """Register an issuer of identity tokens for the plugins of an organization."""
        return self._send("POST", self._url(name, "issuers"), {"url": url})

    def remove_issuer(self, name: str, number: str) -> Document:
        """Trust an issuer no longer; returns it."""
        return self._send("DELETE", self._url(name, "issuers", number))

    def list_domains(self, name: str) -> Document:
        """Return the domains of an organization with the records that prove them."""
        return require_object(self._http.get_json(self._url(name, "domains")), "domains")

    def add_domain(self, name: str, domain: str) -> Document:
        """Add a domain without proof; returns it."""
        return self._send("POST", self._url(name, "domains"), {"domain": domain})

    def check_domain(self, name: str, domain: str) -> Document:
        """Look for the proof of the domain or namespace; returns what is proven."""
        return self._send("POST", self._url(name, "domains", domain, "check"), {})

    def remove_domain(self, name: str, domain: str) -> Document:
        """Remove a domain and its proof; returns it."""
        return self._send("DELETE", self._url(name, "domains", domain))

    def _get_all_members(self, url: str, what: str, search: str = "") -> Document:
        params = {"q": search} if search else {}
        return self._add_pages(require_object(self._http.get_json(url, params), what), url, params)

    def _add_pages(
        self, first: Document, url: str, params: Mapping[str, str] = MappingProxyType({})
    ) -> Document:
        """The document with the members of all pages at the URL, and without the position of one."""
        members, position = list(first["members"]), first["pagination"]
        while position["hasMore"]:
            number = str(position["current"] + 1)
            page = require_object(self._http.get_json(url, {**params, "page": number}), "members")
            members += page["members"]
            position = page["pagination"]
        return {
            **{name: value for name, value in first.items() if name != "pagination"},
            "members": members,
        }

    def _change_team(
        self, method: str, name: str, team: str, *parts: str, body: Any = None
    ) -> Document:
        """Send a change; returns the team with all its members."""
        document = self._send(method, self._url(name, "teams", team, *parts), body)
        return self._add_pages(document, self._url(name, "teams", team))

    def _send(self, method: str, url: str, body: Any = None) -> Document:
        return require_object(self._http.send_json(method, url, body), "an object")

    def _url(self, name: str, *parts: str) -> str:
        # `..` would be another URL, also when it is quoted.
        for part in (name, *parts):
            check_path_part(part)
        segments = map(quote_path_segment, ("organizations", name, *parts))
        return self._registry.api("/" + "/".join(segments))


def check_path_part(text: str) -> None:
    """Raise `InvalidNameError` for what can be no name of an organization, account, team or plugin."""
    from plugport.spec.names import InvalidNameError

    if not text or ".." in text or not text.isprintable() or " " in text:
        raise InvalidNameError(f"`{text[:100]}` is not a valid name.")
