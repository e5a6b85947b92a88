"""Names of secret files, and harmless names that look similar."""

from __future__ import annotations

import pytest

from plugport.spec.archive.secret_files import list_secret_files

SECRETS = [
    ".env",
    "app/.env",
    ".env.local",
    ".env.production",
    ".ENV",
    "server.key",
    "certs/Server.KEY",
    "cert.p12",
    "cert.pfx",
    "id_rsa",
    ".ssh/id_rsa",
    "id_ed25519",
    "id_ecdsa_sk",
    "id_rsa.old",
    ".netrc",
    "_netrc",
    "credentials.json",
    "gcp/service-account-prod.json",
    "client_secret_123.json",
    ".aws/credentials",
    "home/.aws/credentials",
    ".docker/config.json",
    ".git-credentials",
    "keys.kdbx",
    "release.keystore",
    "terraform.tfstate",
]
HARMLESS = [
    ".env.example",
    ".env.sample",
    ".env.template",
    "id_rsa.pub",
    "environment.ts",
    "env",
    "key.ts",
    "keyboard.js",
    "monkey",
    "credentials.ts",
    "aws/credentials.md",
    "config.json",
    "myid_rsa.ts",
    "x.aws/credentials",
]


@pytest.mark.parametrize("path", SECRETS)
def test_secrets(path: str) -> None:
    assert list_secret_files([path]) == [path]


@pytest.mark.parametrize("path", HARMLESS)
def test_harmless(path: str) -> None:
    assert list_secret_files([path]) == []


def test_all_are_listed_in_their_order() -> None:
    paths = ["z/.env", "a.js", "b.key", "a/.netrc"]
    assert list_secret_files(paths) == ["z/.env", "b.key", "a/.netrc"]


@pytest.mark.parametrize(
    ("path", "content", "secret"),
    [
        ("ca.pem", b"-----BEGIN CERTIFICATE-----\nMII", False),
        ("ca.pem", b"-----BEGIN PUBLIC KEY-----\nMII", False),
        ("both.pem", b"-----BEGIN CERTIFICATE-----\n-----BEGIN RSA PRIVATE KEY-----", True),
        ("key.pem", b"-----BEGIN PRIVATE KEY-----\nMII", True),
        ("odd.pem", b"anything else", True),
        (".npmrc", b"save-exact=true\nregistry=https://npm.example/\n", False),
        (".npmrc", b"//npm.example/:_authToken=abc123\n", True),
        (".npmrc", b"//npm.example/:_authToken=${NPM_TOKEN}\n", False),
        (".npmrc", b"_auth = dXNlcjpwYXNz\n", True),
        (".npmrc", b"always-auth=true\n", False),
        (".yarnrc.yml", b'npmAuthToken: "abc"\n', True),
        (".yarnrc.yml", b"nodeLinker: node-modules\n", False),
        (".pypirc", b"[private]\nusername = me\npassword = abc\n", True),
        (".pypirc", b"[distutils]\nindex-servers = private\n", False),
    ],
)
def test_content_decides_for_some(path: str, content: bytes, *, secret: bool) -> None:
    assert list_secret_files([path], lambda _path: content) == ([path] if secret else [])
    assert list_secret_files([path]) == [path]


def test_only_what_needs_it_is_read() -> None:
    read: list[str] = []

    def note(path: str) -> bytes:
        read.append(path)
        return b""

    list_secret_files([".env", "a.js", "x/ca.pem", ".npmrc", "readme.md"], note)
    assert read == ["x/ca.pem", ".npmrc"]
