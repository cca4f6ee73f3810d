"""§3, §4 and §8 "Receiving a head": charters, forks and epochs signed by this implementation, judged and passed on by a real daemon."""

from __future__ import annotations

import asyncio
import os
import unittest
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from .author import Author, nested
from .cases import PROFILE, Case, author, settled
from .channel import Ended
from .charter import CHAIN_MAX, ROOTS_MAX, Charter, public
from .daemons import event
from .faults import next_commit, tree_of
from .frame import FRAME_MAX, Bundle, Evidence, Heads, read_frame
from .head import Head
from .memory import Known
from .session import Peer, Session


def told(session: Session, place: bytes) -> list[Head]:
    """The heads of a place that the other side has told."""
    heads = [frame.bundle.heads for ours, octets in session.channel.spoken if not ours and isinstance(frame := read_frame(octets), Heads)]
    return [head for of_frame in heads for head in of_frame if head.place == place]


def signed_charter(by: Author, after: Charter, **fields: Any) -> Charter:
    """A charter after that one with the author's root, and whatever else it says."""
    made = replace(after, place=by.place, number=after.number + 1, previous=after.hash(), **fields)
    return made.signed_by([by.root])


class Identity(Case):
    async def asyncSetUp(self) -> None:
        await super().asyncSetUp()
        self.daemon = await asyncio.to_thread(self.network.daemon, "Konk")
        self.url = await asyncio.to_thread(self.daemon.serve)

    async def known(self, by: Author) -> tuple[Peer, Session]:
        """A place that the daemon holds, and the session it came by."""
        peer = self.peer(by)
        session = await peer.dial(self.url)
        await self.receipt_for(by.heads[-1], session)
        return peer, session

    async def tell(self, session: Session, by: Author, head: Head) -> None:
        await session.channel.send(Heads(Bundle(tuple(by.chain), (head,))))

    async def code_of(self, session: Session) -> str:
        with self.assertRaises(Ended) as ended:
            await session.until(lambda: False)
        return ended.exception.code

    async def newcomer(self) -> tuple[Peer, Session]:
        peer = self.peer()
        session = await peer.dial(self.url)
        await session.until(lambda: settled(session))
        return peer, session

    async def test_a_new_key_is_followed_and_the_old_one_has_no_more_say(self) -> None:
        by = author()
        peer, session = await self.known(by)
        stolen = replace(by.heads[-1], epoch=2**64 - 1, sequence=2**64 - 1).signed_by(by.daemon)
        by.rotate(os.urandom(32))
        head = by.publish({"profile.json": PROFILE, "events/bal.json": event("Bal").encode()})
        known = peer.adopt()
        await self.tell(session, by, known.seen)
        await self.receipt_for(head, session)
        await self.tell(session, by, stolen)
        await session.until(lambda: head in told(session, by.place))  # "the sender is told ours"
        reader, _ = await self.newcomer()
        self.assertEqual((reader.memory.places[by.place].held, len(reader.memory.places[by.place].chain)), (head, 2))

    async def test_heads_below_the_minimum_epoch_are_void(self) -> None:
        by = author()
        _, session = await self.known(by)
        by.rotate(os.urandom(32), minimum_epoch=3)
        void = by.publish({"profile.json": PROFILE})
        await self.tell(session, by, void)
        self.assertEqual(await self.code_of(session), "bad-head")

    async def test_the_chain_that_came_first_stays(self) -> None:
        by = author()
        thief = Author("thief", by.root, by.daemon, time=by.time)
        thief.heads, thief.objects = list(by.heads), by.objects
        self.assertEqual(thief.place, by.place)
        peer, session = await self.known(by)
        by.rotate(os.urandom(32))
        head = by.publish({"profile.json": PROFILE})
        peer.adopt()
        await self.tell(session, by, head)
        await self.receipt_for(head, session)
        thief.rotate(os.urandom(32))
        other = thief.publish({"profile.json": PROFILE, "stolen.txt": b"stolen"})
        await self.tell(session, thief, other)
        reader, _ = await self.newcomer()
        self.assertEqual(reader.memory.places[by.place].held, head)
        self.assertIsNone(session.ended, "the sender is not at fault")

    async def test_a_chain_of_256_is_followed_and_no_longer_one(self) -> None:
        by = author()
        while len(by.chain) < CHAIN_MAX:
            by.rotate(os.urandom(32))
        head = by.publish({"profile.json": PROFILE})
        peer = self.peer(by)
        session = await peer.dial(self.url)
        await self.receipt_for(head, session)
        reader, _ = await self.newcomer()
        self.assertEqual(len(reader.memory.places[by.place].chain), CHAIN_MAX)
        by.rotate(os.urandom(32))
        await self.tell(session, by, by.publish({"profile.json": PROFILE}))
        self.assertEqual(await self.code_of(session), "too-many")

    async def test_the_longest_chain_goes_in_one_frame(self) -> None:
        """256 charters, each with as many roots and signatures as one may have."""
        by, roots = author(), sorted((os.urandom(32) for _ in range(ROOTS_MAX)), key=public)
        by.chain[0] = replace(by.chain[0], roots=tuple(map(public, roots)))
        by.place = by.chain[0].id()
        while len(by.chain) < CHAIN_MAX:
            last = by.chain[-1]
            by.chain.append(replace(last, place=by.place, number=last.number + 1, previous=last.hash()).signed_by(roots))
        by.heads = []
        head = by.publish({"profile.json": PROFILE})
        size = sum(len(charter.encoded()) for charter in by.chain)
        self.assertLess(FRAME_MAX - size, 4096, "there is little room left")
        peer = self.peer(by)
        session = await peer.dial(self.url)
        await self.receipt_for(head, session)
        reader, _ = await self.newcomer()
        self.assertEqual(reader.memory.places[by.place].chain, by.chain)
        self.assertEqual(reader.memory.places[by.place].held, head)

    async def test_charters_that_are_no_chain_end_the_session(self) -> None:
        stranger, eight = bytes(32), [os.urandom(32) for _ in range(ROOTS_MAX + 1)]
        wrong: dict[str, tuple[str, Callable[[Author, Charter], Charter]]] = {
            "duplicate roots": ("bad-charter", lambda by, last: signed_charter(by, last, roots=last.roots * 2)),
            "eight roots": ("bad-charter", lambda by, last: signed_charter(by, last, roots=tuple(sorted(map(public, eight))))),
            "eight signatures": ("bad-charter", lambda by, last: signed_charter(by, last).signed_by(eight)),
            "a threshold of none": ("bad-charter", lambda by, last: signed_charter(by, last, threshold=0)),
            "another previous": ("bad-charter", lambda by, last: replace(signed_charter(by, last), previous=stranger).signed_by([by.root])),
            "a number left out": ("bad-charter", lambda by, last: replace(signed_charter(by, last), number=2).signed_by([by.root])),
            "nobody's signature": ("bad-signature", lambda by, last: replace(signed_charter(by, last), signatures=())),
            "a stranger's too": ("bad-signature", lambda by, last: signed_charter(by, last).signed_by([by.root, stranger])),
            "a changed byte": ("bad-signature", lambda by, last: replace(signed_charter(by, last), time=1)),
            "no head of its own": ("bad-charter", signed_charter),
        }
        for what, (code, make) in wrong.items():
            with self.subTest(what):
                by = author()
                _, session = await self.known(by)
                before = by.heads[-1]
                by.chain.append(make(by, by.chain[-1]))
                number = before.charter if what == "no head of its own" else 1
                head = replace(before, charter=number, sequence=before.sequence + 1).signed_by(by.daemon)
                await self.tell(session, by, head)
                self.assertEqual(await self.code_of(session), code)

    async def test_a_fork_is_told_with_its_evidence_and_healed_by_the_next_epoch(self) -> None:
        by = author()
        peer, session = await self.known(by)
        base = by.heads[-1]
        commits = [next_commit(by, [base.commit], message) for message in ("one", "other")]
        heads = []
        for commit in commits:
            by.heads = [base]
            heads.append(by.sign(commit, tree_of(by, commit)))
        low, high = sorted(heads, key=lambda head: head.order())
        peer.memory.objects.held |= by.objects.held
        peer.memory.places[by.place] = Known(by.chain, high, high)
        await self.tell(session, by, low)
        await self.tell(session, by, high)
        await self.receipt_for(high, session)
        reader, seeing = await self.newcomer()
        self.assertEqual(reader.memory.places[by.place].held, high)
        await seeing.until(lambda: reader.memory.places[by.place].forked is not None)
        self.assertEqual(set(reader.memory.places[by.place].forked or ()), {low, high})
        evidence = [octets for ours, octets in seeing.channel.spoken if not ours and isinstance(read_frame(octets), Evidence)]
        self.assertEqual(len(evidence), 1)

        by.heads = [high]
        merge = next_commit(by, commits, "healed")
        healed = by.sign(merge, tree_of(by, merge), epoch=1)
        peer.adopt()
        await self.tell(session, by, healed)
        await self.receipt_for(healed, session)
        later, quiet = await self.newcomer()
        self.assertEqual(later.memory.places[by.place].held, healed)
        self.assertFalse([octets for ours, octets in quiet.channel.spoken if not ours and octets[0] == 8])

    async def test_a_break_of_history_replaces_what_was_held_everywhere(self) -> None:
        by = author({"events/bal.json": event("Bal de trop").encode()})
        peer, session = await self.known(by)
        reader, reading = await self.newcomer()
        self.assertIn("events/bal.json", reader.memory.files(by.place))
        root = by.commit(by.folder(nested({"profile.json": PROFILE})), [], "from here")
        erased = by.sign(root, tree_of(by, root), epoch=1)
        peer.adopt()
        await self.tell(session, by, erased)
        await self.receipt_for(erased, session)
        await reading.until(lambda: reader.memory.places[by.place].held == erased)
        self.assertEqual(set(reader.memory.files(by.place)), {"profile.json"})
        self.assertEqual(await self.names(self.daemon, "events"), [])


if __name__ == "__main__":
    unittest.main()
