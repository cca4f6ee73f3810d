"""Packs as they may and may not be (§10): each makes the bytes of one from what a head reaches, or from more or less."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from .faults import ARMOUR, HELD, NOT_HELD
from .pack import BLOB, COMMIT, OFS_DELTA, REF_DELTA, TAG, Object, delta, entry, offset_to, sealed, write_pack

Packing = Callable[[list[Object]], bytes]


def whole(made: Object) -> bytes:
    return entry(made[0], len(made[1]), b"", made[1])


def named(kind: bytes, octets: bytes) -> bytes:
    return hashlib.sha1(kind + b" %d\0" % len(octets) + octets).digest()


def on_base(base: int, made: bytes, name: bytes | None = None, distance: int | None = None) -> bytes:
    """A delta on a base of `base` bytes, named by its name or by how far before it begins."""
    octets = delta(base, made)
    if name is not None:
        return entry(REF_DELTA, len(octets), name, octets)
    assert distance is not None
    return entry(OFS_DELTA, len(octets), offset_to(distance), octets)


def split(objects: list[Object]) -> tuple[list[Object], list[Object]]:
    """Commits, of which a new place with two heads has two, and the others."""
    return [one for one in objects if one[0] == COMMIT], [one for one in objects if one[0] != COMMIT]


def by_offset(objects: list[Object]) -> bytes:
    (one, other), others = split(objects)
    base = whole(one)
    return sealed([base, on_base(len(one[1]), other[1], distance=len(base)), *map(whole, others)])


def by_name(objects: list[Object]) -> bytes:
    """The delta first, its base after it."""
    (one, other), others = split(objects)
    return sealed([on_base(len(one[1]), other[1], named(b"commit", one[1])), *map(whole, others), whole(one)])


def base_that_nobody_has(objects: list[Object]) -> bytes:
    (one, other), others = split(objects)
    return sealed([whole(one), on_base(len(one[1]), other[1], bytes(19) + b"\1"), *map(whole, others)])


def base_in_front(objects: list[Object]) -> bytes:
    (one, other), others = split(objects)
    base = whole(one)
    return sealed([base, on_base(len(one[1]), other[1], distance=len(base) + 13), *map(whole, others)])


def cut(octets: bytes) -> bytes:
    """Shorter, with a checksum that is right."""
    body = octets[:-40]
    return body + hashlib.sha1(body).digest()


def flipped(octets: bytes) -> bytes:
    return octets[:-1] + bytes([octets[-1] ^ 1])


def wrong_size(objects: list[Object]) -> bytes:
    first, *others = objects
    return sealed([entry(first[0], len(first[1]) + 1, b"", first[1]), *map(whole, others)])


def twin(made: Object) -> Object:
    """What whoever has no key makes of a signed commit: its signature twice, and so another name."""
    return made[0], ARMOUR.sub(lambda found: found[0] * 2, made[1])


PACKS: dict[str, tuple[Packing, str]] = {
    "whole objects": (write_pack, HELD),
    "a delta by offset": (by_offset, HELD),
    "a delta by name, before its base": (by_name, HELD),
    "a stowaway": (lambda objects: write_pack([*objects, (BLOB, b"erased long ago\n")]), "stowaway"),
    "a commit and its twin": (lambda objects: write_pack([*objects, twin(split(objects)[0][0])]), "stowaway"),
    "the twin of a commit": (lambda objects: write_pack([twin(one) if one[0] == COMMIT else one for one in objects]), NOT_HELD),
    "an object too few": (lambda objects: write_pack([one for one in objects if one[0] != BLOB]), NOT_HELD),
    "a base that nobody has": (base_that_nobody_has, NOT_HELD),
    "a base where no entry begins": (base_in_front, "bad-pack"),
    "an object twice": (lambda objects: write_pack([*objects, objects[0]]), "bad-pack"),
    "a tag": (lambda objects: sealed([*map(whole, objects), entry(TAG, 1, b"", b"x")]), "bad-pack"),
    "version 3": (lambda objects: sealed([*map(whole, objects)], version=3), "bad-pack"),
    "another checksum": (lambda objects: flipped(write_pack(objects)), "bad-pack"),
    "a size that is not the object's": (wrong_size, "bad-pack"),
    "bytes after the last object": (lambda objects: longer(write_pack(objects)), "trailing-bytes"),
    "the end cut off": (lambda objects: cut(write_pack(objects)), "bad-pack"),
    "nothing": (lambda objects: b"", "truncated"),
}


def longer(octets: bytes) -> bytes:
    body = octets[:-20] + b"more"
    return body + hashlib.sha1(body).digest()
