"""The routes of the contract server, as a function from a request to an answer."""

from __future__ import annotations

import email.parser
import email.policy
import json
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from plugport.spec.comparing.permissions import compare_permissions, parse_permissions
from plugport.spec.errors import PlugportError
from plugport.spec.manifest.permissions import write_permissions
from plugport.spec.versions import Version
from tests.client.contract.store import Store, StoredRelease


@dataclass
class Request:
    method: str
    target: str
    headers: dict[str, str]
    body: bytes = b""

    @property
    def path(self) -> str:
        return unquote(urlsplit(self.target).path)

    @property
    def query(self) -> dict[str, str]:
        return {key: values[0] for key, values in parse_qs(urlsplit(self.target).query).items()}


@dataclass
class Answer:
    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


class ProblemError(Exception):
    def __init__(self, status: int, code: str, detail: str, **members: Any) -> None:
        super().__init__(detail)
        self.answer = make_problem(status, code, detail, **members)


def make_problem(status: int, code: str, detail: str, **members: Any) -> Answer:
    document = {"type": f"/problems/{code}", "title": code, "status": status, "code": code}
    body = json.dumps({**document, "detail": detail, **members}).encode()
    return Answer(status, body, {"Content-Type": "application/problem+json"})


def make_json(document: Any, status: int = 200) -> Answer:
    return Answer(status, json.dumps(document).encode(), {"Content-Type": "application/json"})


_NAME = r"(?P<name>@[^/]+/[^/]+|[^@/][^/]*)"
_ROUTES = [
    ("GET", r"/plugins", "list_plugins"),
    ("POST", r"/plugins", "publish"),
    ("GET", r"/me", "show_me"),
    ("GET", r"/status/(?P<id>.+)", "show_status"),
    ("GET", rf"/plugins/{_NAME}/versions", "list_versions"),
    ("GET", rf"/plugins/{_NAME}/readme", "show_readme"),
    ("GET", rf"/plugins/{_NAME}/(?P<version>[^/]+)/readme", "show_readme"),
    ("GET", rf"/plugins/{_NAME}/(?P<version>[^/]+)/download", "download"),
    ("GET", rf"/plugins/{_NAME}/(?P<version>[^/]+)/diff", "show_diff"),
    (
        "POST",
        rf"/plugins/{_NAME}/(?P<version>[^/]+)/(?P<mark>deprecate|yank|undeprecate|unyank)",
        "mark",
    ),
    ("GET", rf"/plugins/{_NAME}/(?P<version>\d[^/]*)", "show_release"),
    ("GET", rf"/plugins/{_NAME}", "show_plugin"),
]


class App:
    def __init__(self, store: Store, base_url: str) -> None:
        self.store = store
        self.base_url = base_url
        self.polls: dict[str, int] = {}

    def handle(self, request: Request) -> Answer:
        for method, pattern, action in _ROUTES:
            found = re.fullmatch(f"/api/v1{pattern}", request.path)
            if found and method == request.method:
                try:
                    return getattr(self, action)(request, **found.groupdict())
                except ProblemError as problem:
                    return problem.answer
                except PlugportError as error:
                    faults = [fault.as_dict() for fault in error.fields]
                    return make_problem(
                        422, error.code, error.detail, hint=error.hint, errors=faults
                    )
        return make_problem(404, "not-found", f"there is no {request.path}")

    def list_plugins(self, request: Request) -> Answer:
        query = request.query
        found = [doc for name in sorted(self.store.releases) if (doc := self.store.describe(name))]
        words = query.get("q", "").lower().split()
        found = [
            doc
            for doc in found
            if all(word in f"{doc['name']} {doc['description']}".lower() for word in words)
            and query.get("type") in {None, doc["type"]}
            and query.get("trust") in {None, doc["trust"]}
            and (query.get("category") is None or query["category"] in doc["categories"])
            and (query.get("tag") is None or query["tag"] in doc["tags"])
        ]
        limit, page = int(query.get("limit", 20)), int(query.get("page", 1))
        shown = found[(page - 1) * limit : page * limit]
        pages = max(1, -(-len(found) // limit))
        pagination = {"total": len(found), "pages": pages, "current": page, "hasMore": page < pages}
        return make_json({"plugins": shown, "pagination": pagination, "facets": {}})

    def show_plugin(self, request: Request, name: str) -> Answer:
        document = self.store.describe(name)
        if document is None:
            raise ProblemError(404, "unknown-plugin", f"no plugin `{name}` is listed")
        return make_json(document)

    def list_versions(self, request: Request, name: str) -> Answer:
        releases = self.store.list_public(name)
        if not releases:
            raise ProblemError(404, "unknown-plugin", f"no plugin `{name}` is listed")
        limit, page = int(request.query.get("limit", 20)), int(request.query.get("page", 1))
        shown = releases[(page - 1) * limit : page * limit]
        return make_json(
            {
                "versions": [release.as_dict(self.base_url) for release in shown],
                "pagination": {"total": len(releases), "hasMore": page * limit < len(releases)},
            }
        )

    def show_release(self, request: Request, name: str, version: str) -> Answer:
        return make_json(self._get(name, version).as_dict(self.base_url))

    def show_readme(self, request: Request, name: str, version: str | None = None) -> Answer:
        if version is None:
            version = self.store.list_tags(name).get("latest", "")
        readme = self._get(name, version).readme.encode()
        return Answer(200, readme, {"Content-Type": "text/markdown; charset=utf-8"})

    def show_diff(self, request: Request, name: str, version: str) -> Answer:
        """Permissions only: of a comparison the client reads nothing else."""
        if not self.store.compares:
            raise ProblemError(404, "not-found", f"there is no {request.path}")
        after = self._get(name, version)
        older = [
            release
            for release in self.store.releases[name].values()
            if release.state == "published"
            and Version.parse(release.version) < Version.parse(version)
        ]
        before = max(older, key=lambda each: Version.parse(each.version), default=None)
        change = compare_permissions(
            parse_permissions(before.manifest.get("permissions") if before else None),
            parse_permissions(after.manifest.get("permissions")),
        )
        return make_json(
            {
                "name": name,
                "from": before.version if before else None,
                "to": version,
                "permissions": {
                    "gained": write_permissions(change.gained) or {},
                    "lost": write_permissions(change.lost) or {},
                },
            }
        )

    def show_me(self, request: Request) -> Answer:
        return make_json({"username": self._authenticate(request)})

    def publish(self, request: Request) -> Answer:
        publisher = self._authenticate(request)
        form = read_form(request)
        if "package" not in form:
            raise ProblemError(422, "upload-missing", "the form has no package")
        release = self.store.inspect(form["package"], publisher)
        release.tag = form.get("tag", b"").decode() or None
        known = self.store.releases.get(release.name, {}).get(release.version)
        if known is not None and known.package != release.package:
            raise ProblemError(
                409,
                "version-taken",
                f"`{release.name}@{release.version}` was published before, with other bytes",
                hint="Raise the version.",
            )
        if known is None:
            self.store.add(release)
            if not self.store.polls_until_decided:
                self.store.decide(release)
        return self._answer_status(known or release, 202)

    def show_status(self, request: Request, id: str) -> Answer:  # noqa: A002
        name, _, version = id.rpartition("/")
        release = self.store.releases[name][version]
        self.polls[id] = self.polls.get(id, 0) + 1
        if release.state == "checking" and self.polls[id] >= self.store.polls_until_decided:
            self.store.decide(release)
        return self._answer_status(release, 200)

    def mark(self, request: Request, name: str, version: str, mark: str) -> Answer:
        publisher = self._authenticate(request)
        release = self._get(name, version)
        if release.publisher != publisher:
            raise ProblemError(403, "not-a-member", f"`{name}` is not yours to change")
        document = json.loads(request.body or b"{}")
        flag = "yanked" if "yank" in mark else "deprecated"
        setattr(release, flag, None if mark.startswith("un") else document)
        return make_json(release.as_dict(self.base_url))

    def download(self, request: Request, name: str, version: str) -> Answer:
        release = self._get(name, version)
        if release.state != "published":
            raise ProblemError(403, "release-blocked", "its bytes are not served")
        return serve_range(request, release)

    def _answer_status(self, release: StoredRelease, status: int) -> Answer:
        is_decided = release.state != "checking"
        queued = [{**check, "state": "queued", "findings": []} for check in release.checks]
        return make_json(
            {
                "name": release.name,
                "version": release.version,
                "state": release.state,
                "tag": release.tag,
                "checks": release.checks if is_decided else queued,
                "statusUrl": f"/api/v1/status/{release.name}/{release.version}",
                "pageUrl": f"{self.base_url}/plugins/{release.name}",
            },
            status,
        )

    def _get(self, name: str, version: str) -> StoredRelease:
        release = self.store.releases.get(name, {}).get(version)
        if release is None or release.state in {"checking", "rejected"}:
            raise ProblemError(404, "unknown-release", f"there is no `{name}@{version}`")
        return release

    def _authenticate(self, request: Request) -> str:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if token not in self.store.tokens:
            raise ProblemError(401, "invalid-token", "the token is not known or has expired")
        return self.store.tokens[token]


def serve_range(request: Request, release: StoredRelease) -> Answer:
    """Ranges as RFC 9110 rules them, for the one form that the client uses: `bytes=N-`."""
    body = release.package
    headers = {
        "Content-Type": "application/gzip",
        "Accept-Ranges": "bytes",
        "ETag": release.etag,
        "Repr-Digest": release.repr_digest,
        "Cache-Control": "public, max-age=31536000, immutable",
    }
    found = re.fullmatch(r"bytes=(\d+)-", request.headers.get("range", ""))
    may_resume = request.headers.get("if-range", release.etag) == release.etag
    if not found or not may_resume:
        return Answer(200, body, headers)
    start = int(found[1])
    if start >= len(body):
        problem = make_problem(416, "range-not-satisfiable", "the range is outside the file")
        problem.headers["Content-Range"] = f"bytes */{len(body)}"
        return problem
    headers["Content-Range"] = f"bytes {start}-{len(body) - 1}/{len(body)}"
    return Answer(206, body[start:], headers)


def read_form(request: Request) -> dict[str, bytes]:
    head = f"Content-Type: {request.headers['content-type']}\r\n\r\n".encode()
    message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + request.body)
    fields = {}
    for part in message.iter_parts():
        name = part.get_param("name", header="content-disposition")
        fields[str(name)] = part.get_payload(decode=True)
    return fields
