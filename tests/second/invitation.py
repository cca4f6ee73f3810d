"""§7 "Invitations": the link, and the two frames that a secret of it makes a partner with."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from .octets import sha256, text8, u8


@dataclass(frozen=True)
class Invited:
    invitation: bytes  # id, 16 bytes
    proof: bytes

    def encoded(self) -> bytes:
        return u8(0x81) + self.invitation + self.proof


@dataclass(frozen=True)
class Welcome:
    code: str = ""  # of what refuses

    def encoded(self) -> bytes:
        return u8(0x82) + text8(self.code, 255)


def invitation_id(secret: bytes) -> bytes:
    """§7: what of an invitation may be shown."""
    return sha256(b"place-invitation-1\n" + secret)[:16]


def invited_by(secret: bytes, dialling_hello: bytes, dialled_hello: bytes) -> Invited:
    """§7: what shows an invitation, in the session of these two HELLOs only."""
    proof = sha256(b"place-invitation-proof-1\n" + secret + sha256(dialling_hello) + sha256(dialled_hello))
    return Invited(invitation_id(secret), proof)


def invitation_link(url: str, place: bytes, secret: bytes) -> str:
    """§7 "Invitations": of the place whose daemon answers at this address of a /peer."""
    return "http" + url.removeprefix("ws").removesuffix("/peer") + "/join#" + base64.urlsafe_b64encode(place + secret).decode()


def secret_of(link: str) -> bytes:
    return base64.urlsafe_b64decode(link.partition("#")[2])[32:]
