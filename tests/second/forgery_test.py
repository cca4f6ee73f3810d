"""§4, §8, §10: what somebody without the key makes of what a place signed changes nothing of that place, and proves no fork."""

from __future__ import annotations

import asyncio
import os
import unittest
from dataclasses import replace
from typing import Any

from . import faults
from .author import Author
from .cases import PROFILE, Case, author, settled
from .channel import dialled
from .daemons import eventually
from .frame import Bundle, Evidence, Heads, read_frame
from .handshake_test import GOES_ON, Dialler
from .head import Head
from .octets import Refused
from .refusal_test import Liar
from .session import Peer, Session

GROUP_ORDER = 2**252 + 27742317777372353535851937790883648493  # of Ed25519


def sign_again(head: Head) -> Head:
    """The same head, its signature S + L: who verifies loosely takes it for another one that holds."""
    s = int.from_bytes(head.signature[32:], "little") + GROUP_ORDER
    return replace(head, signature=head.signature[:32] + s.to_bytes(32, "little"))


class Forgery(Case):
    async def asyncSetUp(self) -> None:
        await super().asyncSetUp()
        self.daemon = await asyncio.to_thread(self.network.daemon, "Konk")
        self.url = await asyncio.to_thread(self.daemon.serve)

    async def held(self, by: Author) -> tuple[Peer, Session]:
        """A place that the daemon holds, and the session it came by."""
        peer = self.peer(by, Liar)
        session = await peer.dial(self.url)
        await self.receipt_for(by.heads[-1], session)
        return peer, session

    async def is_still(self, *heads: Head) -> None:
        """The daemon shows these heads' content, gives it out, and tells of no fork."""
        for head in heads:
            shown: dict[str, Any] = await asyncio.to_thread(self.daemon.ask, f"places/{head.place.hex()}")
            self.assertEqual((shown["head"]["hash"], shown.get("forked")), (head.hash().hex(), None))
        reader = self.peer()
        session = await reader.dial(self.url)
        await session.until(lambda: settled(session))
        for head in heads:
            known = reader.memory.places[head.place]
            self.assertEqual((known.held, known.forked), (head, None))
        self.assertFalse([octets for ours, octets in session.channel.spoken if not ours and isinstance(read_frame(octets), Evidence)])

    def noted(self, place: bytes) -> list[str]:
        """The codes with which the daemon refused content of a place."""
        lines = [line for line in self.daemon.log().splitlines() if f"event=registry.refused place={place.hex()[:12]} " in line]
        return [line.split(" code=")[1].split()[0] for line in lines]

    async def test_a_commit_whose_signature_was_moved_doubled_or_wrapped_again_is_not_taken_in(self) -> None:
        before = []
        for what, fault in faults.SIGNATURES.items():
            with self.subTest(what):
                by = author()
                peer, session = await self.held(by)
                before.append(by.heads[-1])
                fault(by)
                with self.assertRaises(Refused) as refused:
                    by.objects.check(by.heads[-1])
                self.assertEqual(refused.exception.code, "bad-object")
                peer.adopt()
                await session.channel.send(Heads(Bundle((), (by.heads[-1],))))
                await asyncio.to_thread(eventually, lambda: self.noted(by.place), what)  # noqa: B023
                self.assertEqual(set(self.noted(by.place)), {"bad-object"})
                self.assertIsNone(session.ended, "it is no broken pack")
        await self.is_still(*before)

    async def test_evidence_that_is_none_marks_nobody(self) -> None:
        by = author()
        await self.held(by)
        last = by.heads[-1]
        stranger, key = author().heads[-1], os.urandom(32)
        twin = replace(last, commit=os.urandom(20))
        forged: dict[str, tuple[Head, str]] = {
            "another commit, the same signature": (twin, "bad-signature"),
            "another commit, another key": (twin.signed_by(key), "bad-signature"),
            "another state, no signature": (replace(last, state=bytes(32), signature=bytes(64)), "bad-signature"),
            "the same head": (last, "malformed"),
            "the same head, signed S + L": (sign_again(last), "malformed"),
            "another epoch": (replace(twin, epoch=1).signed_by(by.daemon), "malformed"),
            "another sequence": (replace(twin, sequence=2).signed_by(by.daemon), "malformed"),
            "another charter": (replace(twin, charter=1).signed_by(by.daemon), "malformed"),
            "another place": (stranger, "malformed"),
        }
        for what, (other, code) in forged.items():
            for pair in ((last, other), (other, last)):
                with self.subTest(what, first=pair[0] is last):
                    self.assertEqual(await self.told(Evidence(tuple(by.chain), *pair)), code)
        await self.is_still(last)

    async def told(self, evidence: Evidence) -> str:
        """What a stranger is answered who says this."""
        dialler = Dialler(await dialled(self.url), author())
        await dialler.open()
        await dialler.channel.send(evidence)
        verdict = await dialler.verdict()
        await dialler.channel.close()
        return verdict

    async def test_evidence_made_with_a_key_that_was_rotated_away_marks_nobody(self) -> None:
        by = author()
        peer, session = await self.held(by)
        stolen, old = by.daemon, by.heads[-1]
        by.rotate(os.urandom(32))
        head = by.publish({"profile.json": PROFILE})
        peer.adopt()
        await session.channel.send(Heads(Bundle(tuple(by.chain), (head,))))
        await self.receipt_for(head, session)
        two = [replace(old, sequence=9, state=os.urandom(32)).signed_by(stolen) for _ in range(2)]
        self.assertEqual(await self.told(Evidence(tuple(by.chain[:1]), *two)), GOES_ON)
        self.assertEqual(await self.told(Evidence(tuple(by.chain), *(replace(one, charter=1).signed_by(stolen) for one in two))), "bad-signature")
        await self.is_still(head)

    async def test_a_longer_chain_by_roots_that_count_no_more_is_refused_and_the_first_stays(self) -> None:
        by = author()
        thief = Author("thief", by.root, by.daemon, time=by.time)
        thief.heads, thief.objects = list(by.heads), by.objects
        peer, session = await self.held(by)
        by.rotate(os.urandom(32), root=os.urandom(32))
        head = by.publish({"profile.json": PROFILE})
        peer.adopt()
        await session.channel.send(Heads(Bundle(tuple(by.chain), (head,))))
        await self.receipt_for(head, session)
        for _ in range(3):
            thief.rotate(os.urandom(32), root=os.urandom(32))
        thief.publish({"profile.json": PROFILE, "stolen.txt": b"stolen"})
        self.assertEqual((thief.place, thief.chain[0]), (by.place, by.chain[0]))
        self.assertGreater(len(thief.chain), len(by.chain))

        teller = Dialler(await dialled(self.url), author())
        await teller.open()
        await teller.channel.send(Heads(Bundle(tuple(thief.chain), (thief.heads[-1],))))
        self.assertEqual(await teller.verdict(), GOES_ON)
        await teller.channel.close()
        await asyncio.to_thread(eventually, lambda: "code=other-chain" in self.daemon.log(), "it is noted")
        posing = Dialler(await dialled(self.url), thief)
        await posing.hello()
        await posing.channel.send_octets(posing.auth_octets())
        self.assertEqual(await posing.verdict(), "other-chain")
        await posing.channel.close()
        await self.is_still(head)
        shown = await asyncio.to_thread(self.daemon.ask, f"places/{head.place.hex()}")
        self.assertTrue(shown["twoCharters"], "people are told")


if __name__ == "__main__":
    unittest.main()
