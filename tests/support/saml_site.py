"""A SAML identity provider (pysaml2) with pages for a browser: its metadata, and the choice of a person."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from tests.support.saml import RealProvider, build_metadata

_FORM = (
    '<form method="post" action="{address}"><input type="hidden" name="SAMLResponse" value="{answer}">'
    "<button>Sign in as {person}</button></form>"
)


class SamlSite:
    """The provider. `people` has the attributes of each person, which a test changes."""

    def __init__(self, folder: Path, url: str) -> None:
        self.url = url
        self.people: dict[str, dict[str, list[str]]] = {}
        self._folder = folder
        self._provider: RealProvider | None = None
        self._address = ""

    def trust(self, metadata: str, address: str) -> None:
        """Let people sign in to the registry with this metadata, which takes answers at the address."""
        self._provider = RealProvider(self._folder, metadata, sign_in_url=f"{self.url}/sso")
        self._address = address

    def build_page(self, path: str) -> bytes:
        """The page of the path; empty if there is none."""
        if path == "/metadata":
            return build_metadata(url=f"{self.url}/sso").encode()
        if urlsplit(path).path != "/sso" or self._provider is None:
            return b""
        forms = []
        for person, attributes in self.people.items():
            answer = self._provider.answer(f"{self.url}{path}", person, attributes)
            encoded = base64.b64encode(answer.encode()).decode()
            forms.append(_FORM.format(address=escape(self._address), answer=encoded, person=person))
        return f"<!doctype html><title>Corp</title>{''.join(forms)}".encode()


@contextmanager
def open_saml_site(folder: Path) -> Iterator[SamlSite]:
    """Serve the provider on this machine."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = site.build_page(self.path)
            self.send_response(200 if body else 404)
            is_page = body.startswith(b"<!doctype")
            self.send_header("Content-Type", "text/html" if is_page else "application/xml")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        site = SamlSite(folder, f"http://127.0.0.1:{server.server_address[1]}")
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield site
        finally:
            server.shutdown()
