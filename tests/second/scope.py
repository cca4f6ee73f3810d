"""§8 "Scope": the frames that say who keeps what."""

from __future__ import annotations

from dataclasses import dataclass

from .octets import Reader, Refused, text8, u8, u16

SCOPES_MAX = 64
PLACES_MAX = 512  # of one frame
DAEMONS_MAX = 64
HOLDERS_MAX = 4  # of one place


@dataclass(frozen=True)
class Scope:
    scopes: tuple[str, ...]

    def encoded(self) -> bytes:
        return u8(0x84) + u8(len(self.scopes)) + b"".join(text8(scope, 64) for scope in self.scopes)


@dataclass(frozen=True)
class Where:
    places: tuple[bytes, ...]

    def encoded(self) -> bytes:
        return u8(0x85) + u16(len(self.places)) + b"".join(self.places)


@dataclass(frozen=True)
class Holders:
    """Daemons, each with its address, and places, each with the positions of the daemons that hold it."""

    daemons: tuple[tuple[bytes, str], ...]
    places: tuple[tuple[bytes, tuple[int, ...]], ...]

    def encoded(self) -> bytes:
        daemons = u8(len(self.daemons)) + b"".join(place + text8(address, 255) for place, address in self.daemons)
        places = b"".join(place + u8(len(by)) + bytes(by) for place, by in self.places)
        return u8(0x86) + daemons + u16(len(self.places)) + places


def read_scopes(reader: Reader) -> tuple[str, ...]:
    return tuple(reader.text8(64) for _ in range(reader.count(1, 0, SCOPES_MAX)))


def read_places(reader: Reader) -> tuple[bytes, ...]:
    places = tuple(reader.take(32) for _ in range(reader.count(2, 1, PLACES_MAX)))
    if any(a >= b for a, b in zip(places, places[1:])):
        raise Refused("malformed", "places that do not ascend")
    return places


def read_holders(reader: Reader) -> Holders:
    daemons = tuple((reader.take(32), reader.text8(255)) for _ in range(reader.count(1, 0, DAEMONS_MAX)))
    places = tuple((reader.take(32), tuple(reader.take(reader.count(1, 1, HOLDERS_MAX)))) for _ in range(reader.count(2, 0, PLACES_MAX)))
    if any(position >= len(daemons) for _, by in places for position in by):
        raise Refused("malformed", "a holder that is not in the list before")
    return Holders(daemons, places)
