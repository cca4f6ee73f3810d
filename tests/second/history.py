"""A place's history, checked as RECORDS.md and §8 say: canonical commits, one root, paths, and the state that a head signs."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field

from .head import Head
from .octets import Reader, Refused, sha256
from .pack import BLOB, COMMIT, TREE, Object

SEGMENT = re.compile(rb"[a-z0-9]([a-z0-9._-]{0,62}[a-z0-9])?")
RESERVED = re.compile(rb"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?")
PERSON = re.compile(  # §10: name <e-mail> seconds zone
    rb"(?! )[^\x00-\x1f<>\x7f]+(?<! ) <[^\x00-\x20<>\x7f]*> (0|[1-9][0-9]{0,18}) (?!-0000)[+-]([01][0-9]|2[0-3])[0-5][0-9]"
)
SECONDS_MAX = (1 << 63) - 1
PARENTS_MAX = 16
DEPTH_MAX, ENTRIES_MAX, FILES_MAX = 4, 10_000, 20_000
FILE_MAX, PLACE_MAX, COMMIT_MAX = 4 << 20, 256 << 20, 16 << 10
ARMOUR_BEGIN, ARMOUR_END = b"-----BEGIN SSH SIGNATURE-----", b"-----END SSH SIGNATURE-----"
EMPTY_TREE = bytes.fromhex("4b825dc642cb6eb9a060e54bf8d69288fbee4904")


def bad(text: str) -> Refused:
    return Refused("bad-object", text)


@dataclass(frozen=True)
class Entry:
    name: bytes
    folder: bool
    object: bytes

    def sorting(self) -> bytes:
        """Git's order: by bytes, a folder as if its name ended in `/`."""
        return self.name + b"/" if self.folder else self.name


@dataclass(frozen=True)
class Commit:
    tree: bytes
    parents: tuple[bytes, ...]
    author: bytes
    committer: bytes
    signature: bytes
    message: bytes


def segment_holds(name: bytes) -> bool:
    """RECORDS.md "Where records live": one segment of a path."""
    return bool(SEGMENT.fullmatch(name)) and b".." not in name and not RESERVED.fullmatch(name)


def read_tree(octets: bytes) -> list[Entry]:
    entries, at = list[Entry](), 0
    while at < len(octets):
        space, end = octets.find(b" ", at), octets.find(b"\0", at)
        mode, name = octets[at:space], octets[space + 1 : end]
        if not at < space < end or end + 21 > len(octets) or mode not in (b"100644", b"40000"):
            raise bad("an entry of a folder that is neither a regular file nor a folder")
        if not segment_holds(name):
            raise bad(f"the name {name!r}")
        entries.append(Entry(name, mode == b"40000", octets[end + 1 : end + 21]))
        at = end + 21
        if len(entries) > ENTRIES_MAX:
            raise Refused("too-many", "entries of a folder")
    order = [entry.sorting() for entry in entries]
    if order != sorted(order) or len({entry.name for entry in entries}) != len(entries):
        raise bad("a folder that is out of order or names one twice")
    return entries


def read_armour(lines: list[bytes]) -> None:
    """An OpenSSH signature by an Ed25519 key in the namespace `git`, and nothing that re-encoding would not give."""
    if len(lines) < 3 or lines[0] != ARMOUR_BEGIN or lines[-1] != ARMOUR_END:
        raise bad("a commit's signature is not in SSH armour")
    try:
        blob = base64.b64decode(b"".join(lines[1:-1]), validate=True)
    except ValueError as error:
        raise bad("a commit's signature is not base64") from error
    text = base64.b64encode(blob)
    if lines[1:-1] != [text[at : at + 70] for at in range(0, len(text), 70)]:
        raise bad("armour that is not as ssh-keygen writes it")
    reader = Reader(blob)
    if reader.take(6) != b"SSHSIG" or reader.u32() != 1:
        raise bad("no SSHSIG of version 1")
    key, namespace, reserved, hashed, made = (Reader(reader.take(reader.u32())) for _ in range(5))
    reader.end()
    for one, size in ((key, 32), (made, 64)):
        if one.take(one.u32()) != b"ssh-ed25519" or len(one.take(one.u32())) != size:
            raise bad("not an Ed25519 key or signature")
        one.end()
    if (namespace.rest(), reserved.rest()) != (b"git", b"") or hashed.rest() not in (b"sha512", b"sha256"):
        raise bad("signed for something else than git")


def read_fields(front: bytes) -> list[tuple[bytes, list[bytes]]]:
    """The headers of a commit: each its name and its lines."""
    fields = list[tuple[bytes, list[bytes]]]()
    for line in front.split(b"\n"):
        if line.startswith(b" ") and fields:
            fields[-1][1].append(line[1:])
        else:
            key, _, value = line.partition(b" ")
            fields.append((key, [value]))
    return fields


def person_holds(value: bytes) -> bool:
    found = PERSON.fullmatch(value)
    return found is not None and int(found[1]) <= SECONDS_MAX


def read_commit(octets: bytes) -> Commit:
    """§10: the one canonical form, tree, parents, author, committer, gpgsig, and nothing else."""
    if len(octets) > COMMIT_MAX:
        raise Refused("too-large", "commit")
    if b"\0" in octets or b"\n\n" not in octets:
        raise bad("a commit with NUL, or without the empty line before its message")
    try:
        octets.decode()
    except UnicodeDecodeError as error:
        raise bad("a commit that is not UTF-8") from error
    front, message = octets.split(b"\n\n", 1)
    fields = read_fields(front)
    names = [key for key, _ in fields]
    parents = names.count(b"parent")
    if names != [b"tree"] + [b"parent"] * parents + [b"author", b"committer", b"gpgsig"]:
        raise bad(f"a commit with the fields {b' '.join(names)!r}")
    if any(len(lines) != 1 for _, lines in fields[:-1]):
        raise bad("a field of a commit that goes on")
    values = [lines[0] for _, lines in fields[:-1]]
    if not all(person_holds(value) for value in values[-2:]):
        raise bad("an author or committer")
    if not all(re.fullmatch(rb"[0-9a-f]{40}", value) for value in values[:-2]):
        raise bad("a tree or parent")
    read_armour(fields[-1][1])
    tree, *before = (bytes.fromhex(value.decode()) for value in values[:-2])
    if len(before) > PARENTS_MAX or len(set(before)) != len(before):
        raise bad("too many parents, or one twice")
    return Commit(tree, tuple(before), values[-2], values[-1], b"\n".join(fields[-1][1]), message)


@dataclass
class Objects:
    """Git objects by name; the store of the second implementation."""

    held: dict[bytes, Object] = field(default_factory=dict)

    def get(self, name: bytes, kind: int) -> bytes:
        found = self.held.get(name)
        if found is None or found[0] != kind:
            raise Refused("missing-object", name.hex())
        return found[1]

    def commit(self, name: bytes) -> Commit:
        return read_commit(self.get(name, COMMIT))

    def tree(self, name: bytes) -> list[Entry]:
        return [] if name == EMPTY_TREE else read_tree(self.get(name, TREE))

    def state(self, tree: bytes) -> bytes:
        """RECORDS.md "State": the SHA-256 of the folder's lines."""
        lines = []
        for entry in self.tree(tree):
            made = self.state(entry.object) if entry.folder else sha256(self.get(entry.object, BLOB))
            lines.append(entry.name + b" " + made.hex().encode() + b"\n")
        return sha256(b"".join(lines))

    def files(self, tree: bytes, before: tuple[bytes, ...] = ()) -> dict[str, bytes]:
        """Every file below a folder by its path."""
        found: dict[str, bytes] = {}
        for entry in self.tree(tree):
            path = (*before, entry.name)
            if len(path) > DEPTH_MAX:
                raise bad(f"{b'/'.join(path)!r} is too deep")
            if entry.folder:
                found |= self.files(entry.object, path)
            else:
                found[b"/".join(path).decode()] = self.get(entry.object, BLOB)
        return found

    def ancestry(self, commit: bytes) -> list[bytes]:
        """The commit and all before it; exactly one of them has no parent."""
        found, queue, roots = dict[bytes, None](), [commit], 0
        while queue:
            name = queue.pop()
            if name in found:
                continue
            found[name] = None
            parents = self.commit(name).parents
            roots += not parents
            queue += parents
        if roots != 1:
            raise Refused("many-roots", f"{roots} commits without a parent")
        return list(found)

    def reached(self, commit: bytes) -> set[bytes]:
        """Every object that a commit reaches."""
        found: set[bytes] = set()
        for name in self.ancestry(commit):
            found.add(name)
            self.reach_tree(self.commit(name).tree, found)
        return found

    def reach_tree(self, tree: bytes, found: set[bytes]) -> None:
        if tree in found:
            return
        found.add(tree)
        for entry in self.tree(tree):
            if entry.folder:
                if entry.object == EMPTY_TREE:
                    raise bad(f"the empty folder {entry.name!r}")
                self.reach_tree(entry.object, found)
            else:
                self.get(entry.object, BLOB)
                found.add(entry.object)

    def check(self, head: Head) -> dict[str, bytes]:
        """The files of a place, when its content is all that `head` says."""
        self.reached(head.commit)
        tree = self.commit(head.commit).tree
        if self.state(tree) != head.state:
            raise Refused("wrong-state", "the content is not the state that the head signs")
        files = self.files(tree)
        sizes = [len(octets) for octets in files.values()]
        if len(sizes) > FILES_MAX:
            raise Refused("too-many", "files")
        if sum(sizes) > PLACE_MAX or max(sizes, default=0) > FILE_MAX:
            raise Refused("too-large", "a file, or all together")
        return files
