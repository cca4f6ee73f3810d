"""§6 Frames: one binary message each, a type byte and its fields."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .charter import Charter, read_charter, signed, verified
from .head import Head, read_head
from .invitation import Invited, Welcome
from .octets import Reader, Refused, i64, sha256, text8, u8, u16, u32, u64
from .scope import PLACES_MAX, Holders, Scope, Where, read_holders, read_places, read_scopes

FRAME_MAX = 256 * 1024
HEADS_MAX = 64
WANT_MAX = PLACES_MAX
CELLS_MAX = 2048
SYMBOLS_MAX = 16384
LEVELS_MAX = 20
FIRST, LAST, FAILED = 1, 2, 4
ASKS_FOR_CHARTERS = 1  # an ability


@dataclass(frozen=True)
class Hello:
    nonce: bytes
    place: bytes
    time: int
    agent: str = ""
    scopes: tuple[str, ...] = ()
    version: int = 1
    abilities: int = 0
    estimate: tuple[int, ...] = ()  # levels of §5, without the zeros at the end

    def encoded(self) -> bytes:
        scopes = u8(len(self.scopes)) + b"".join(text8(scope, 64) for scope in self.scopes)
        known = u8(1) + u16(self.version) + self.nonce + self.place + i64(self.time) + text8(self.agent, 64) + scopes
        if not self.abilities and not self.estimate:  # as daemons of earlier days end
            return known
        return known + u8(self.abilities) + u8(len(self.estimate)) + b"".join(map(u64, self.estimate))


@dataclass(frozen=True)
class Bundle:
    charters: tuple[Charter, ...]
    heads: tuple[Head, ...]

    def encoded(self) -> bytes:
        charters = u16(len(self.charters)) + b"".join(charter.encoded() for charter in self.charters)
        return charters + u16(len(self.heads)) + b"".join(head.encoded() for head in self.heads)


@dataclass(frozen=True)
class Auth:
    signature: bytes
    bundle: Bundle

    def encoded(self) -> bytes:
        return u8(2) + self.signature + self.bundle.encoded()


@dataclass(frozen=True)
class Ask:
    heads: int

    def encoded(self) -> bytes:
        return u8(3) + u8(0) + u64(self.heads)


@dataclass(frozen=True)
class Cells:
    key: bytes
    size: int
    first: int
    cells: bytes  # as sketch.decode_cells reads them

    def encoded(self) -> bytes:
        return u8(3) + u8(1) + self.key + u64(self.size) + u32(self.first) + self.cells


@dataclass(frozen=True)
class More:
    limit: int

    def encoded(self) -> bytes:
        return u8(3) + u8(2) + u32(self.limit)


@dataclass(frozen=True)
class Done:
    key: bytes
    last: bool
    symbols: tuple[int, ...]

    def encoded(self) -> bytes:
        return u8(3) + u8(3) + self.key + u8(self.last) + u16(len(self.symbols)) + b"".join(map(u64, self.symbols))


@dataclass(frozen=True)
class All:
    def encoded(self) -> bytes:
        return u8(3) + u8(4)


@dataclass(frozen=True)
class End:
    def encoded(self) -> bytes:
        return u8(3) + u8(5)


@dataclass(frozen=True)
class Due:
    def encoded(self) -> bytes:
        return u8(3) + u8(6)


@dataclass(frozen=True)
class Heads:
    bundle: Bundle

    def encoded(self) -> bytes:
        return u8(4) + self.bundle.encoded()


@dataclass(frozen=True)
class Want:
    request: int
    places: tuple[tuple[bytes, bytes], ...]  # place id, commit that the asker has

    def encoded(self) -> bytes:
        return u8(5) + u32(self.request) + u16(len(self.places)) + b"".join(place + commit for place, commit in self.places)


@dataclass(frozen=True)
class Packed:
    """A packed place: `head` and `base`, or None when the sender does not hold the content."""

    place: bytes
    head: Head | None = None
    base: bytes = bytes(20)

    def encoded(self) -> bytes:
        return u8(0) + self.place if self.head is None else u8(1) + self.head.encoded() + self.base


@dataclass(frozen=True)
class Pack:
    request: int
    flags: int
    places: tuple[Packed, ...]
    octets: bytes

    def encoded(self) -> bytes:
        places = u16(len(self.places)) + b"".join(place.encoded() for place in self.places) if self.flags & FIRST else b""
        return u8(6) + u32(self.request) + u8(self.flags) + places + self.octets


@dataclass(frozen=True)
class Credit:
    taken: int

    def encoded(self) -> bytes:
        return u8(7) + u32(self.taken)


@dataclass(frozen=True)
class Evidence:
    charters: tuple[Charter, ...]
    one: Head
    other: Head

    def encoded(self) -> bytes:
        charters = u16(len(self.charters)) + b"".join(charter.encoded() for charter in self.charters)
        return u8(8) + charters + self.one.encoded() + self.other.encoded()


@dataclass(frozen=True)
class Receipt:
    replica: bytes
    time: int
    heads: tuple[tuple[bytes, bytes], ...]  # place id, hash of its head
    signature: bytes = bytes(64)

    def fields(self) -> bytes:
        return self.replica + i64(self.time) + u16(len(self.heads)) + b"".join(place + made for place, made in self.heads)

    def encoded(self) -> bytes:
        return u8(9) + self.fields() + self.signature

    def signed_by(self, seed: bytes) -> Receipt:
        return Receipt(self.replica, self.time, self.heads, signed(seed, b"place-receipt-1\n" + self.fields()))

    def holds(self, key: bytes) -> bool:
        return verified(key, self.signature, b"place-receipt-1\n" + self.fields())


@dataclass(frozen=True)
class Bye:
    code: str
    text: str = ""

    def encoded(self) -> bytes:
        return u8(10) + text8(self.code, 255) + text8(self.text, 255)


@dataclass(frozen=True)
class TwoCharters:
    one: Charter
    other: Charter

    def encoded(self) -> bytes:
        return u8(0x83) + self.one.encoded() + self.other.encoded()


@dataclass(frozen=True)
class Charters:
    """Asks for the heads of these places with their charters."""

    places: tuple[bytes, ...]

    def encoded(self) -> bytes:
        return u8(0x87) + u16(len(self.places)) + b"".join(self.places)


@dataclass(frozen=True)
class Unknown:
    """A type of a later version, to be ignored."""

    octets: bytes

    def encoded(self) -> bytes:
        return self.octets


Frame = (
    Hello | Auth | Ask | Cells | More | Done | All | End | Due | Heads | Want | Pack | Credit | Evidence | Receipt | Bye
    | Invited | Welcome | TwoCharters | Scope | Where | Holders | Charters | Unknown
)


def read_bundle(reader: Reader) -> Bundle:
    charters = tuple(read_charter(reader) for _ in range(reader.u16()))
    return Bundle(charters, tuple(read_head(reader) for _ in range(reader.count(2, 0, HEADS_MAX))))


def read_hello(reader: Reader) -> Hello:
    version, nonce, place, time, agent = reader.u16(), reader.take(32), reader.take(32), reader.i64(), reader.text8(64)
    scopes = read_scopes(reader)
    abilities, estimate = 0, list[int]()
    if reader.left():
        abilities, estimate = reader.u8(), [reader.u64() for _ in range(reader.count(1, 0, LEVELS_MAX))]
        while estimate and estimate[-1] == 0:
            estimate.pop()
    reader.rest()  # "anything more is passed over"
    return Hello(nonce, place, time, agent, scopes, version, abilities, tuple(estimate))


def read_sketch(reader: Reader) -> Frame:
    part = reader.u8()
    if part == 0:
        return Ask(reader.u64())
    if part == 1:
        return Cells(reader.take(16), reader.u64(), reader.u32(), reader.rest())
    if part == 2:
        return More(reader.u32())
    if part == 3:
        key, last = reader.take(16), reader.count(1, 0, 1)
        return Done(key, bool(last), tuple(reader.u64() for _ in range(reader.count(2, 0, SYMBOLS_MAX))))
    if part in (4, 5, 6):
        return (All, End, Due)[part - 4]()
    raise Refused("malformed", f"part {part} of SKETCH")


def read_want(reader: Reader) -> Want:
    request = reader.u32()
    places = tuple((reader.take(32), reader.take(20)) for _ in range(reader.count(2, 1, WANT_MAX)))
    if request == 0 or any(a[0] >= b[0] for a, b in zip(places, places[1:])):
        raise Refused("malformed", "request 0, or places that do not ascend")
    return Want(request, places)


def read_packed(reader: Reader) -> Packed:
    if reader.count(1, 0, 1) == 0:
        return Packed(reader.take(32))
    head = read_head(reader)
    return Packed(head.place, head, reader.take(20))


def read_pack(reader: Reader) -> Pack:
    request, flags = reader.u32(), reader.u8()
    if flags & ~(FIRST | LAST | FAILED):
        raise Refused("malformed", "a reserved flag")
    places = tuple(read_packed(reader) for _ in range(reader.count(2, 0, WANT_MAX))) if flags & FIRST else ()
    return Pack(request, flags, places, reader.rest())


def read_evidence(reader: Reader) -> Evidence:
    return Evidence(tuple(read_charter(reader) for _ in range(reader.u16())), read_head(reader), read_head(reader))


def read_receipt(reader: Reader) -> Receipt:
    replica, time = reader.take(32), reader.i64()
    heads = tuple((reader.take(32), reader.take(32)) for _ in range(reader.count(2, 1, WANT_MAX)))
    return Receipt(replica, time, heads, reader.take(64))


def read_two_charters(reader: Reader) -> TwoCharters:
    one, other = read_charter(reader), read_charter(reader)
    parents = {(charter.place, charter.number, charter.previous) for charter in (one, other)}
    if one.number == 0 or len(parents) > 1 or one.unsigned() == other.unsigned():
        raise Refused("malformed", "not two charters with one parent")
    return TwoCharters(one, other)


READERS: dict[int, Callable[[Reader], Frame]] = {
    1: read_hello,
    2: lambda reader: Auth(reader.take(64), read_bundle(reader)),
    3: read_sketch,
    4: lambda reader: Heads(read_bundle(reader)),
    5: read_want,
    6: read_pack,
    7: lambda reader: Credit(reader.u32()),
    8: read_evidence,
    9: read_receipt,
    10: lambda reader: Bye(reader.text8(255), reader.text8(255)),
    0x81: lambda reader: Invited(reader.take(16), reader.take(32)),
    0x82: lambda reader: Welcome(reader.text8(255)),
    0x83: read_two_charters,
    0x84: lambda reader: Scope(read_scopes(reader)),
    0x85: lambda reader: Where(read_places(reader)),
    0x86: read_holders,
    0x87: lambda reader: Charters(read_places(reader)),
}


def read_frame(octets: bytes) -> Frame:
    """One frame; an unknown type of 0x80 or above is an Unknown, any other is refused."""
    if len(octets) > FRAME_MAX:
        raise Refused("malformed", "a frame that is too large")
    reader = Reader(octets)
    kind = reader.u8()
    if kind not in READERS:
        if kind >= 0x80:
            return Unknown(octets)
        raise Refused("malformed", f"frame type {kind:#04x}")
    frame = READERS[kind](reader)
    reader.end()
    return frame


def auth_message(role: int, dialling_hello: bytes, dialled_hello: bytes) -> bytes:
    """§7: what an AUTH signs; `role` is 0 when its signer dialled, 1 when it was dialled."""
    return b"peer-auth-1\n" + u8(role) + sha256(dialling_hello) + sha256(dialled_hello)
