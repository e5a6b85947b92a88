"""What every CI system provides, and what they have in common."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from plugport.spec.errors import FieldError
from plugport.spec.text import remove_nul, shorten_text

MAX_FACT_CHARS = 500
_SAFE_PATH = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_./-]*[A-Za-z0-9_-])?\Z")


@dataclass(frozen=True, slots=True)
class Ids:
    """The ids of a repository and of its owner, which no other repository ever gets; "" if unknown."""

    repository: str = ""
    owner: str = ""


class Configuration(Protocol):
    """The job that is trusted. Texts are empty where they do not matter or are not known.

    `repository` and its parts are names, for people. Only the ids are compared: a name can be given
    up and registered by somebody else. `claims` are those that a generic issuer's token must have.
    """

    @property
    def issuer(self) -> str:
        """The issuer's URL."""

    @property
    def repository(self) -> str:
        """Its path, as people write it."""

    @property
    def repository_id(self) -> str:
        """Its permanent id."""

    @property
    def owner_id(self) -> str:
        """The permanent id of its owner."""

    @property
    def workflow(self) -> str:
        """The file that describes the job."""

    @property
    def environment(self) -> str:
        """The environment in which the job must run."""

    @property
    def claims(self) -> Mapping[str, str]:
        """The claims that must have exactly these values."""


class Provider(Protocol):
    """One kind of CI system."""

    key: str
    label: str

    def list_errors(self, configuration: Configuration) -> list[FieldError]:
        """The problems of a configuration; fields have the names of the API."""

    def find_ids(self, configuration: Configuration) -> Ids:
        """Ask the CI system for the ids of the repository by its name: at most 2 requests."""

    def check_event(self, claims: Mapping[str, Any]) -> None:
        """Raise `AssertionRefusedError` for a job that runs code of strangers."""

    def build_filter(self, claims: Mapping[str, Any]) -> dict[str, str]:
        """The columns of configurations that can match, with their values."""

    def matches(self, configuration: Configuration, claims: Mapping[str, Any]) -> bool:
        """Whether this is the job that is trusted."""

    def read_ids(self, claims: Mapping[str, Any]) -> Ids:
        """The ids of the job's repository."""

    def get_code_host(self, issuer: str) -> str:
        """The host of the code, in lower case; "" if it is unknown."""

    def read_namespace(self, issuer: str, claims: Mapping[str, Any]) -> str:
        """The account or group of the job's repository, as `HOST/NAME`; "" if it has none."""

    def find_namespace_id(self, issuer: str, namespace: str) -> str:
        """Ask the code host for the id of the account or group: 1 request, "" if it does not say."""

    def describe_run(self, issuer: str, claims: Mapping[str, Any]) -> dict[str, str]:
        """The facts about the job that users see, each of which has a value."""


def get_text(claims: Mapping[str, Any], name: str) -> str:
    """A claim as text. Numbers are the ids of some systems; other values count as missing."""
    value = claims.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) else ""


def select_facts(**facts: str) -> dict[str, str]:
    """The facts that have a value, shortened for the database and without NUL."""
    cut = {name: shorten_text(remove_nul(text), MAX_FACT_CHARS) for name, text in facts.items()}
    return {name: text for name, text in cut.items() if text}


def is_safe_path(text: str) -> bool:
    """Whether a path can be part of a URL as it is."""
    return bool(_SAFE_PATH.match(text)) and ".." not in text and "//" not in text


def list_id_errors(configuration: Configuration) -> list[FieldError]:
    """The problems of the ids. Unlike names, these must be numbers."""
    ids = {"repositoryId": configuration.repository_id, "ownerId": configuration.owner_id}
    return [
        FieldError(name, "The id is not a number.", found=value[:100])
        for name, value in ids.items()
        if value and not (value.isascii() and value.isdecimal() and len(value) <= 20)
    ]


def list_path_errors(name: str, value: str, *, allowed: str, is_valid: bool) -> list[FieldError]:
    """The problem of a repository or file, if it has one."""
    if is_valid:
        return []
    return [
        FieldError(name, "It is missing." if not value else "It is not valid.", allowed=allowed)
    ]
