"""A place of one's own: keys, charters, commits and heads, made from §3, §4 and RECORDS.md."""

from __future__ import annotations

import base64
import hashlib
import time
from dataclasses import dataclass, field, replace

from .charter import Charter, public, signed
from .head import Head
from .history import Objects
from .octets import u32
from .pack import BLOB, COMMIT, TREE, name_of

Folder = dict[str, "bytes | Folder"]


def now() -> int:
    return int(time.time() * 1000)


def string(octets: bytes) -> bytes:
    return u32(len(octets)) + octets


def armour(seed: bytes, message: bytes) -> bytes:
    """What `ssh-keygen -Y sign -n git` makes of the message."""
    key = string(b"ssh-ed25519") + string(public(seed))
    purpose = string(b"git") + string(b"") + string(b"sha512")
    made = signed(seed, b"SSHSIG" + purpose + string(hashlib.sha512(message).digest()))
    blob = b"SSHSIG" + u32(1) + string(key) + purpose + string(string(b"ssh-ed25519") + string(made))
    text = base64.b64encode(blob)
    lines = [text[at : at + 70] for at in range(0, len(text), 70)]
    return b"\n".join([b"-----BEGIN SSH SIGNATURE-----", *lines, b"-----END SSH SIGNATURE-----"])


def nested(files: dict[str, bytes]) -> Folder:
    root: Folder = {}
    for path, octets in files.items():
        *folders, name = path.split("/")
        at = root
        for folder in folders:
            below = at.setdefault(folder, {})
            assert isinstance(below, dict)
            at = below
        at[name] = octets
    return root


@dataclass
class Author:
    """Signs as one place; `publish` makes the next commit and head."""

    name: str
    root: bytes  # seeds
    daemon: bytes
    time: int = field(default_factory=now)
    objects: Objects = field(default_factory=Objects)
    chain: list[Charter] = field(default_factory=list)
    heads: list[Head] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.chain = [Charter(bytes(32), 0, bytes(32), 1, (public(self.root),), public(self.daemon), 0, self.time)]
        self.place = self.chain[0].id()

    def rotate(self, daemon: bytes, minimum_epoch: int = 0, root: bytes | None = None) -> None:
        """The next charter, under which the next head is signed; with another root when one is given."""
        last, signers = self.chain[-1], sorted({self.root, root or self.root})
        self.root = root or self.root
        after = replace(
            last,
            place=self.place,
            number=last.number + 1,
            previous=last.hash(),
            roots=(public(self.root),),
            daemon=public(daemon),
            minimum_epoch=max(minimum_epoch, last.minimum_epoch),
        )
        self.chain.append(after.signed_by(signers))
        self.daemon = daemon

    def add(self, kind: int, octets: bytes) -> bytes:
        name = name_of(kind, octets)
        self.objects.held[name] = (kind, octets)
        return name

    def folder(self, folder: Folder) -> bytes:
        """A git tree of regular files and folders, in git's order."""
        entries = []
        for name, below in folder.items():
            if isinstance(below, dict):
                entries.append((name + "/", b"40000 " + name.encode() + b"\0" + self.folder(below)))
            else:
                entries.append((name, b"100644 " + name.encode() + b"\0" + self.add(BLOB, below)))
        return self.add(TREE, b"".join(entry for _, entry in sorted(entries)))

    def commit(self, tree: bytes, parents: list[bytes], message: str) -> bytes:
        who = f"{self.name} <{self.place.hex()}@maillage.invalid> {self.time // 1000} +0000".encode()
        front = b"tree " + tree.hex().encode() + b"\n"
        front += b"".join(b"parent " + parent.hex().encode() + b"\n" for parent in parents)
        front += b"author " + who + b"\ncommitter " + who + b"\n"
        body = b"\n" + message.encode() + b"\n"
        signature = armour(self.daemon, front + body).replace(b"\n", b"\n ")
        return self.add(COMMIT, front + b"gpgsig " + signature + b"\n" + body)

    def publish(self, files: dict[str, bytes], message: str = "publish") -> Head:
        """The place's files become exactly these."""
        tree = self.folder(nested(files))
        return self.sign(self.commit(tree, [self.heads[-1].commit] if self.heads else [], message), tree)

    def sign(self, commit: bytes, tree: bytes, epoch: int = 0, state: bytes | None = None) -> Head:
        before = self.heads[-1] if self.heads else None
        head = Head(
            charter=self.chain[-1].number,
            epoch=epoch,
            sequence=before.sequence + 1 if before else 1,
            time=self.time,
            place=self.place,
            commit=commit,
            state=state or self.objects.state(tree),
            previous=before.hash() if before else bytes(32),
            cell=b"FR29039\0",
        )
        self.heads.append(head.signed_by(self.daemon))
        return self.heads[-1]
