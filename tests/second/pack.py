"""Git packs, read and written without git: the format that §8 sends in PACK (version 2, as in git's gitformat-pack)."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Iterable

from .octets import Refused

COMMIT, TREE, BLOB, TAG, OFS_DELTA, REF_DELTA = 1, 2, 3, 4, 6, 7
NAMES = {COMMIT: b"commit", TREE: b"tree", BLOB: b"blob", TAG: b"tag"}
OBJECTS_MAX = 1_000_000
DELTA_DEPTH_MAX = 64
OBJECT_BYTES_MAX = 4 * 1024 * 1024  # a file; §9

Object = tuple[int, bytes]  # its type and its bytes


def name_of(kind: int, octets: bytes) -> bytes:
    """The git name (20 bytes) of an object."""
    return hashlib.sha1(NAMES[kind] + b" %d\0" % len(octets) + octets).digest()


def bad(text: str) -> Refused:
    return Refused("bad-pack", text)


class Cursor:
    """Reads the entries of a pack one after the other."""

    def __init__(self, octets: bytes) -> None:
        self.octets = octets
        self.at = 12

    def byte(self) -> int:
        if self.at >= len(self.octets) - 20:
            raise Refused("truncated", "in the middle of an entry")
        self.at += 1
        return self.octets[self.at - 1]

    def kind_and_size(self) -> tuple[int, int]:
        octet = self.byte()
        kind, size, shift = octet >> 4 & 7, octet & 15, 4
        while octet & 0x80:
            octet = self.byte()
            size |= (octet & 0x7F) << shift
            shift += 7
        return kind, size

    def distance(self) -> int:
        """How far before its delta a base begins."""
        octet = self.byte()
        value = octet & 0x7F
        while octet & 0x80:
            octet = self.byte()
            value = (value + 1) << 7 | octet & 0x7F
        return value

    def name(self) -> bytes:
        return bytes(self.byte() for _ in range(20))

    def inflated(self, size: int) -> bytes:
        if size > OBJECT_BYTES_MAX:
            raise Refused("too-large", f"an object of {size} bytes")
        stream, out = zlib.decompressobj(), bytearray()
        try:
            while not stream.eof:
                fed = self.octets[self.at : min(self.at + size + 64, len(self.octets) - 20)]
                if not fed:
                    raise bad("it ends in the middle of an object")
                out += stream.decompress(fed)
                self.at += len(fed) - len(stream.unused_data)
                if len(out) > size:
                    break
        except zlib.error as error:
            raise bad("an object does not inflate") from error
        if len(out) != size:
            raise bad("an object is not as long as its entry says")
        return bytes(out)


def delta_size(delta: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        octet = delta[at]
        value |= (octet & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if octet < 0x80:
            return value, at


def copied(delta: bytes, at: int, octet: int) -> tuple[int, int, int]:
    """A copy instruction: where it copies from, how much, and where the next instruction is."""
    offset = size = 0
    for bit in range(4):
        if octet & 1 << bit:
            offset |= delta[at] << 8 * bit
            at += 1
    for bit in range(3):
        if octet & 16 << bit:
            size |= delta[at] << 8 * bit
            at += 1
    return offset, size or 0x10000, at


def applied(base: bytes, delta: bytes) -> bytes:
    try:
        before, at = delta_size(delta, 0)
        after, at = delta_size(delta, at)
        out = bytearray()
        while at < len(delta) and len(out) <= after:
            octet, at = delta[at], at + 1
            if octet & 0x80:
                offset, size, at = copied(delta, at, octet)
                if offset + size > len(base):
                    raise bad("a delta copies from beyond its base")
                out += base[offset : offset + size]
            elif octet:
                out += delta[at : at + octet]
                at += octet
            else:
                raise bad("a delta's instruction 0")
    except IndexError as error:
        raise bad("a delta is cut") from error
    if before != len(base) or after != len(out) or at != len(delta):
        raise bad("a delta's sizes are wrong")
    return bytes(out)


def read_pack(octets: bytes, known: Callable[[bytes], Object | None]) -> dict[bytes, Object]:
    """The objects of a pack by name; `known` gives the bases of deltas that a thin pack leaves out."""
    if len(octets) < 32:
        raise Refused("truncated", "a pack of no object has 32 bytes")
    if octets[:8] != b"PACK\0\0\0\2" or hashlib.sha1(octets[:-20]).digest() != octets[-20:]:
        raise bad("no pack of version 2 with its checksum")
    count = int.from_bytes(octets[8:12], "big")
    if count > OBJECTS_MAX:
        raise bad(f"{count} objects")
    cursor, found, starts = Cursor(octets), dict[bytes, Object](), set[int]()
    by_offset: dict[int, Object] = {}
    waiting: list[tuple[int, int | bytes, bytes]] = []  # offset, its base by offset or name, delta
    for _ in range(count):
        at = cursor.at
        starts.add(at)
        kind, size = cursor.kind_and_size()
        base = at - cursor.distance() if kind == OFS_DELTA else cursor.name() if kind == REF_DELTA else None
        body = cursor.inflated(size)
        if isinstance(base, int) and (base == at or base not in starts):
            raise bad("a delta on what is no entry")
        if base is not None:
            waiting.append((at, base, body))
        elif kind in (COMMIT, TREE, BLOB):
            by_offset[at] = keep(found, (kind, body))
        else:
            raise bad(f"an object of type {kind}")
    if cursor.at != len(octets) - 20:
        raise Refused("trailing-bytes", "between the last object and the checksum")
    resolve(waiting, by_offset, found, known)
    return found


def keep(found: dict[bytes, Object], made: Object) -> Object:
    name = name_of(*made)
    if name in found:
        raise bad(f"{name.hex()} twice")
    found[name] = made
    return made


def resolve(
    waiting: list[tuple[int, int | bytes, bytes]],
    by_offset: dict[int, Object],
    found: dict[bytes, Object],
    known: Callable[[bytes], Object | None],
) -> None:
    """Applies deltas, each as soon as its base is there, whatever order they came in: a round for each step of a chain."""
    for _ in range(DELTA_DEPTH_MAX):
        left = []
        for at, base, delta in waiting:
            origin = by_offset.get(base) if isinstance(base, int) else found.get(base) or known(base)
            if origin is None:
                left.append((at, base, delta))
                continue
            made = (origin[0], applied(origin[1], delta))
            by_offset[at] = keep(found, made)
        waiting = left
    if waiting:
        raise Refused("missing-object", "the base of a delta, or a chain of deltas that is too long")


def entry(kind: int, size: int, front: bytes, body: bytes) -> bytes:
    """One entry: its type and size, what names the base of a delta, and the deflated bytes."""
    octets, first = bytearray(), kind << 4 | size & 15
    size >>= 4
    while size:
        octets.append(first | 0x80)
        first, size = size & 0x7F, size >> 7
    return bytes(octets) + bytes([first]) + front + zlib.compress(body)


def offset_to(distance: int) -> bytes:
    """What an OFS_DELTA says before its bytes: how far back its base begins."""
    octets = [distance & 0x7F]
    while distance := distance >> 7:
        distance -= 1
        octets.append(distance & 0x7F | 0x80)
    return bytes(reversed(octets))


def delta(before: int, after: bytes) -> bytes:
    """A delta on a base of `before` bytes that inserts all of `after`."""

    def size(value: int) -> bytes:
        octets = bytearray()
        while value >= 0x80:
            octets.append(value & 0x7F | 0x80)
            value >>= 7
        return bytes(octets) + bytes([value])

    inserted = b"".join(bytes([len(after[at : at + 127])]) + after[at : at + 127] for at in range(0, len(after), 127))
    return size(before) + size(len(after)) + inserted


def sealed(entries: list[bytes], version: int = 2) -> bytes:
    """Entries with the header and the checksum of a pack."""
    body = b"PACK" + version.to_bytes(4, "big") + len(entries).to_bytes(4, "big") + b"".join(entries)
    return body + hashlib.sha1(body).digest()


def write_pack(objects: Iterable[Object]) -> bytes:
    """A pack of whole objects."""
    return sealed([entry(kind, len(octets), b"", octets) for kind, octets in objects])
