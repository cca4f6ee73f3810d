"""What a peer knows of places: charters, the heads seen and held (§8), the evidence of forks, and the objects behind them."""

from __future__ import annotations

from dataclasses import dataclass, field

from .charter import CHAIN_MAX, Charter, check_chain, check_link, of_places
from .head import Head
from .history import Objects
from .octets import Refused
from .pack import Object

NOTHING = bytes(20)


@dataclass
class Known:
    """One place: its chain, the greatest valid head, and the greatest whose content is here."""

    chain: list[Charter]
    seen: Head
    held: Head | None = None
    forked: tuple[Head, Head] | None = None

    def element(self) -> bytes:
        """§5: forked counts for the (charter, epoch) of the greatest head."""
        forked = self.forked is not None and self.forked[0].order()[:2] == self.seen.order()[:2]
        return self.seen.element(forked)


@dataclass
class Memory:
    """Merging is taking the maximum (§4); everything here is checked before it is kept."""

    places: dict[bytes, Known] = field(default_factory=dict)
    objects: Objects = field(default_factory=Objects)
    refused: dict[bytes, tuple[bytes, Refused]] = field(default_factory=dict)  # place -> head hash, why

    def chain_with(self, place: bytes, given: list[Charter]) -> list[Charter]:
        """The known chain gone on with `given`; `other-chain` when they contradict each other, `unknown-place` for neither."""
        known = self.places[place].chain if place in self.places else []
        if not known:
            if not given:
                raise Refused("unknown-place", place.hex())
            check_chain(given, place)
            return given
        chain = list(known)
        for charter in given:
            if charter.number < len(chain):
                if charter.unsigned() != chain[charter.number].unsigned():
                    raise Refused("other-chain", place.hex())
            else:
                check_link(chain[-1], charter, place)
                chain.append(charter)
        if len(chain) > CHAIN_MAX:
            raise Refused("bad-charter", "a chain that is too long")
        return chain

    def take(self, head: Head, given: list[Charter]) -> str:
        """§8 "Receiving a head": what `head` is beside what is seen: same, older, conflicting, newer or passed over."""
        try:
            chain = self.chain_with(head.place, given)
        except Refused as refused:
            if refused.code in ("unknown-place", "other-chain"):
                return "passed over"
            raise
        if head.charter >= len(chain):
            return "passed over"
        known = self.places.get(head.place)
        if known and head.hash() == known.seen.hash():
            return "same"
        if known and head.order() < known.seen.order() and not head.conflicts(known.seen):
            return "older"
        if head.epoch < chain[-1].minimum_epoch and head.charter == chain[-1].number:
            raise Refused("bad-head", "an epoch below the minimum")
        head.check(chain[head.charter])
        if known is None:
            self.places[head.place] = Known(chain, head)
            return "newer"
        known.chain = chain
        conflicting = head.conflicts(known.seen)
        if conflicting:
            known.forked = (known.seen, head)
        if head.order() > known.seen.order():
            known.seen = head
            return "newer"
        return "conflicting"

    def take_bundle(self, charters: tuple[Charter, ...], heads: tuple[Head, ...]) -> list[tuple[Head, str]]:
        given = of_places(list(charters))
        return [(head, self.take(head, given.get(head.place, []))) for head in heads]

    def has(self, place: bytes) -> bytes:
        """The commit that a WANT names: what we hold of it."""
        known = self.places.get(place)
        return known.held.commit if known and known.held else NOTHING

    def missing(self) -> list[bytes]:
        """Places whose content is still to be asked for."""
        return sorted(
            place
            for place, known in self.places.items()
            if (known.held is None or known.held.hash() != known.seen.hash())
            and self.refused.get(place, (b"",))[0] != known.seen.hash()
        )

    def hold(self, head: Head, objects: dict[bytes, Object]) -> dict[str, bytes]:
        """Takes content in, when it is what `head` signs; the place's files. Nothing is kept of what is refused."""
        trial = Objects({**self.objects.held, **objects})
        files = trial.check(head)
        self.objects = trial
        self.places[head.place].held = head
        return files

    def stowaways(self, heads: list[Head], objects: dict[bytes, Object]) -> set[bytes]:
        """Objects of a pack that none of its heads reaches."""
        trial, reached = Objects({**self.objects.held, **objects}), set[bytes]()
        for head in heads:
            reached |= trial.reached(head.commit)
        return set(objects) - reached

    def files(self, place: bytes) -> dict[str, bytes]:
        held = self.places[place].held
        assert held is not None
        return self.objects.files(self.objects.commit(held.commit).tree)
