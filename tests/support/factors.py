"""Second factors for tests: codes of an authenticator app, and answers of a passkey made of software."""

from __future__ import annotations

import base64
import hashlib
import json
import struct
import time
from typing import Any

from allauth.mfa.totp.internal.auth import format_hotp_value, generate_totp_secret, hotp_value
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from fido2 import cbor
from fido2.cose import ES256

from accounts.actions.factors.add_factor import add_authenticator_app
from accounts.models import User

# Bits of the flags of WebAuthn: the person was present, was verified, and a credential follows.
_PRESENT, _VERIFIED, _ATTESTED = 1, 4, 64


def compute_code(secret: str, *, steps: int = 0) -> str:
    """The code that an app shows now, or that many time steps later."""
    counter = int(time.time()) // 30 + steps
    return str(format_hotp_value(hotp_value(secret.replace(" ", ""), counter)))


def add_app(user: User) -> str:
    """Add an authenticator app to the account and return its secret.

    The next code that is accepted is that of the step after this one, so `steps=1` in tests.
    """
    secret = str(generate_totp_secret())
    add_authenticator_app(actor=user, secret=secret, code=compute_code(secret))
    return secret


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


class SoftPasskey:
    """A passkey without hardware, which answers like a browser at `origin`."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.credential_id = hashlib.sha256(str(id(self)).encode()).digest()
        self.user_handle = ""

    def create(self, options: dict[str, Any]) -> dict[str, Any]:
        """The answer to the options for a new passkey."""
        public = options["publicKey"]
        self.user_handle = public["user"]["id"]
        cose = cbor.encode(dict(ES256.from_cryptography_key(self.key.public_key())))
        attested = bytes(16) + struct.pack(">H", len(self.credential_id)) + self.credential_id
        data = self._build_data(public["rp"]["id"], _ATTESTED) + attested + cose
        attestation = cbor.encode({"fmt": "none", "attStmt": {}, "authData": data})
        response = {
            "clientDataJSON": _encode(self._build_client_data("create", public["challenge"])),
            "attestationObject": _encode(attestation),
        }
        return self._wrap(response) | {"clientExtensionResults": {"credProps": {"rk": True}}}

    def get(self, options: dict[str, Any], *, is_verified: bool = True) -> dict[str, Any]:
        """The answer to the options of a sign-in."""
        public = options["publicKey"]
        client_data = self._build_client_data("get", public["challenge"])
        data = self._build_data(public["rpId"], 0, is_verified=is_verified)
        signed = data + hashlib.sha256(client_data).digest()
        return self._wrap(
            {
                "clientDataJSON": _encode(client_data),
                "authenticatorData": _encode(data),
                "signature": _encode(self.key.sign(signed, ec.ECDSA(SHA256()))),
                "userHandle": self.user_handle,
            }
        )

    def _build_client_data(self, kind: str, challenge: str) -> bytes:
        values = {"type": f"webauthn.{kind}", "challenge": challenge, "origin": self.origin}
        return json.dumps(values).encode()

    def _build_data(self, rp_id: str, flags: int, *, is_verified: bool = True) -> bytes:
        flags |= _PRESENT | (_VERIFIED if is_verified else 0)
        return hashlib.sha256(rp_id.encode()).digest() + struct.pack(">BI", flags, 0)

    def _wrap(self, response: dict[str, Any]) -> dict[str, Any]:
        name = _encode(self.credential_id)
        return {"id": name, "rawId": name, "type": "public-key", "response": response}
