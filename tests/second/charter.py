"""§3 Charter: who speaks for a place, and the chain from the genesis to the charter that counts."""

from __future__ import annotations

from dataclasses import dataclass, replace

import nacl.exceptions
import nacl.signing

from .octets import Reader, Refused, i64, sha256, u8, u16, u64

PURPOSE = b"place-charter-1\n"
ROOTS_MAX = 7
SIGNATURES_MAX = 7
CHAIN_MAX = 256
ZERO = bytes(32)


def verified(key: bytes, signature: bytes, message: bytes) -> bool:
    """§1: strict Ed25519; PyNaCl is the same libsodium that the section names."""
    try:
        nacl.signing.VerifyKey(key).verify(message, signature)
    except nacl.exceptions.BadSignatureError:
        return False
    return True


def signed(seed: bytes, message: bytes) -> bytes:
    return nacl.signing.SigningKey(seed).sign(message).signature


def public(seed: bytes) -> bytes:
    return bytes(nacl.signing.SigningKey(seed).verify_key)


@dataclass(frozen=True)
class Charter:
    """An unsigned charter and the signatures that follow it on the wire."""

    place: bytes  # zero in the genesis
    number: int
    previous: bytes
    threshold: int
    roots: tuple[bytes, ...]
    daemon: bytes
    minimum_epoch: int
    time: int
    signatures: tuple[tuple[bytes, bytes], ...] = ()

    def unsigned(self) -> bytes:
        """The 117 + 32 c bytes of the table."""
        keys = b"".join(self.roots)
        front = u8(1) + self.place + u16(self.number) + self.previous + u8(self.threshold) + u8(len(self.roots))
        return front + keys + self.daemon + u64(self.minimum_epoch) + i64(self.time)

    def hash(self) -> bytes:
        return sha256(self.unsigned())

    def encoded(self) -> bytes:
        return self.unsigned() + u8(len(self.signatures)) + b"".join(key + made for key, made in self.signatures)

    def id(self) -> bytes:
        """The place it is of: a genesis is of the place that it names by its hash."""
        return self.place if self.number else self.hash()

    def signed_by(self, seeds: list[bytes]) -> Charter:
        message = PURPOSE + self.unsigned()
        made = tuple(sorted((public(seed), signed(seed, message)) for seed in seeds))
        return replace(self, signatures=made)

    def signers(self) -> set[bytes]:
        """Everybody who signed; every signature must hold."""
        message = PURPOSE + self.unsigned()
        for key, made in self.signatures:
            if not verified(key, made, message):
                raise Refused("bad-signature", "of a charter")
        return {key for key, _ in self.signatures}


def ascending(keys: list[bytes]) -> bool:
    return all(a < b for a, b in zip(keys, keys[1:]))


def read_charter(reader: Reader) -> Charter:
    """A signed charter, field by field; what one charter alone can say wrong is refused here."""
    if reader.u8() != 1:
        raise Refused("malformed", "a charter of another version")
    place, number, previous, threshold = reader.take(32), reader.u16(), reader.take(32), reader.u8()
    roots = [reader.take(32) for _ in range(reader.count(1, 1, ROOTS_MAX))]
    daemon, minimum_epoch, time = reader.take(32), reader.u64(), reader.i64()
    signatures = [(reader.take(32), reader.take(64)) for _ in range(reader.count(1, 0, SIGNATURES_MAX))]
    if number >= CHAIN_MAX or not 1 <= threshold <= len(roots):
        raise Refused("malformed", "a charter's number or threshold")
    if (number == 0) != (place == ZERO) or (number == 0) != (previous == ZERO):
        raise Refused("malformed", "place and previous are zero in a genesis, and only there")
    if not ascending(roots) or not ascending([key for key, _ in signatures]):
        raise Refused("malformed", "keys that do not ascend")
    return Charter(place, number, previous, threshold, tuple(roots), daemon, minimum_epoch, time, tuple(signatures))


def check_link(before: Charter, after: Charter, place: bytes) -> None:
    """Rules 2 and 3 of a valid chain."""
    if (after.place, after.number, after.previous) != (place, before.number + 1, before.hash()):
        raise Refused("bad-charter", "it does not follow the one before")
    if after.minimum_epoch < before.minimum_epoch:
        raise Refused("bad-charter", "the minimum epoch goes back")
    signers, old, new = after.signers(), set(before.roots), set(after.roots)
    if signers - old - new:
        raise Refused("bad-signature", "by who is no root")
    if len(signers & old) < before.threshold or len(signers & new) < after.threshold:
        raise Refused("bad-signature", "not signed by the thresholds of the roots before and its own")


def check_chain(chain: list[Charter], place: bytes) -> None:
    """Rules 1 to 4: from the genesis whose hash is the place id."""
    if not 1 <= len(chain) <= CHAIN_MAX:
        raise Refused("bad-charter", f"a chain of {len(chain)}")
    genesis = chain[0]
    if genesis.number or genesis.signatures or genesis.hash() != place:
        raise Refused("bad-charter", "not the genesis of this place")
    for before, after in zip(chain, chain[1:]):
        check_link(before, after, place)


def of_places(charters: list[Charter]) -> dict[bytes, list[Charter]]:
    """The charters of a bundle (§6) by the place they are of; those of one place ascend."""
    found: dict[bytes, list[Charter]] = {}
    for charter in charters:
        of_one = found.setdefault(charter.id(), [])
        if of_one and charter.number <= of_one[-1].number:
            raise Refused("malformed", "charters of a place that do not ascend")
        of_one.append(charter)
    return found
