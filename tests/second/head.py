"""§4 Head: a place's state is exactly this; the order of heads, and forks."""

from __future__ import annotations

from dataclasses import dataclass, replace

from .charter import Charter, signed, verified
from .octets import Reader, Refused, i64, sha256, u8, u16, u64

PURPOSE = b"place-head-1\n"
CLOSED = 1
SIZE = 160


@dataclass(frozen=True)
class Head:
    """The 160 bytes and their signature."""

    charter: int
    epoch: int
    sequence: int
    time: int
    place: bytes
    commit: bytes
    state: bytes
    previous: bytes = bytes(32)
    cell: bytes = bytes(8)
    addressed: int = 0
    flags: int = 0
    signature: bytes = bytes(64)

    def unsigned(self) -> bytes:
        numbers = u8(1) + u8(self.flags) + u16(self.charter) + u64(self.epoch) + u64(self.sequence) + i64(self.time)
        return numbers + self.place + self.commit + self.state + self.previous + self.cell + u64(self.addressed)

    def hash(self) -> bytes:
        return sha256(self.unsigned())

    def encoded(self) -> bytes:
        return self.unsigned() + self.signature

    def signed_by(self, seed: bytes) -> Head:
        return replace(self, signature=signed(seed, PURPOSE + self.unsigned()))

    def element(self, forked: bool) -> bytes:
        """§5: what stands for this head in a sketched set."""
        return sha256(self.unsigned() + u8(forked))

    def order(self) -> tuple[int, int, int, bytes]:
        return self.charter, self.epoch, self.sequence, self.hash()

    def conflicts(self, other: Head) -> bool:
        """Two heads that differ but are equal in place, charter, epoch and sequence: a fork."""
        mine, others = (self.place, *self.order()), (other.place, *other.order())
        return mine[:4] == others[:4] and mine != others

    def check(self, charter: Charter) -> None:
        """Valid under the charter whose number it names."""
        if charter.id() != self.place or charter.number != self.charter or self.epoch < charter.minimum_epoch:
            raise Refused("bad-head", "not a head under this charter")
        if not verified(charter.daemon, self.signature, PURPOSE + self.unsigned()):
            raise Refused("bad-signature", "of a head")


def bloom(place: bytes) -> int:
    """The bits that `place` sets in `addressed`."""
    return 1 << place[0] % 64 | 1 << place[1] % 64


def read_head(reader: Reader) -> Head:
    if reader.u8() != 1:
        raise Refused("malformed", "a head of another version")
    flags, charter, epoch, sequence, time = reader.u8(), reader.u16(), reader.u64(), reader.u64(), reader.i64()
    place, commit, state, previous = reader.take(32), reader.take(20), reader.take(32), reader.take(32)
    cell, addressed, signature = reader.take(8), reader.u64(), reader.take(64)
    if flags & ~CLOSED or cell[7]:
        raise Refused("malformed", "a reserved flag, or a used spare byte")
    return Head(charter, epoch, sequence, time, place, commit, state, previous, cell, addressed, flags, signature)
