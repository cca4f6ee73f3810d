"""What must be refused is refused by a real daemon and by this implementation alike: each fault is shown to both."""

from __future__ import annotations

import os
import unittest

from . import faults, packs
from .author import Author
from .cases import PROFILE, Case, author
from .channel import Ended
from .frame import Bundle, Heads
from .head import Head
from .octets import Refused
from .pack import Object
from .session import Session


class Giver(Session):
    """Takes nothing in: what was shown before is no concern of it."""

    async def fetch_always(self) -> None:
        return None


class Liar(Giver):
    """Gives out all that its author made, whatever it is."""

    def content(self, head: Head, commit: bytes) -> tuple[bytes, dict[bytes, Object]]:
        if head.place == self.author.place:
            return bytes(20), dict(self.author.objects.held)
        return super().content(head, commit)


def packing(by: packs.Packing) -> type[Session]:
    """Who packs its own place so."""

    class Packer(Giver):
        def packed(self, objects: dict[bytes, Object]) -> bytes:
            own = self.author.heads[-1].commit in objects
            return by(list(objects.values())) if own else super().packed(objects)

    return Packer


class Refusing(Case):
    async def judged(self, url: str, by: Author, ends: bool, speaks: type[Session] = Liar) -> str:
        """What becomes of a place at `url`: held, not held, or, when that `ends` the session, the code of the BYE."""
        peer = self.peer(by, speaks)
        session = await peer.dial(url)
        try:
            await session.until(lambda: session.reconciled > 0 and by.place in session.served)
            if ends:
                await session.until(lambda: False)
            for honest in (author(), author()):  # once these are held, what was given before has been judged
                peer.adopt(honest)
                await session.channel.send(Heads(Bundle(tuple(honest.chain), (honest.heads[-1],))))
                await self.receipt_for(honest.heads[-1], session)
        except (Ended, Refused) as ended:
            return ended.code
        finally:
            await peer.close()
        return faults.HELD if by.heads[-1].hash() in session.receipted() else faults.NOT_HELD

    async def agree(self, shown: dict[str, tuple[faults.Fault, str]]) -> None:
        async with self.judges() as judges:
            for what, (fault, verdict) in shown.items():
                for name, url in judges.items():
                    with self.subTest(what, judge=name):
                        by = author()
                        fault(by)
                        ends = verdict not in (faults.HELD, faults.NOT_HELD)
                        self.assertEqual(await self.judged(url, by, ends), verdict)

    async def test_heads_may_say_much_but_the_content_is_what_they_sign(self) -> None:
        await self.agree(faults.HEADS)

    async def test_folders_have_one_form(self) -> None:
        await self.agree(faults.FOLDERS)

    async def test_commits_have_one_form(self) -> None:
        await self.agree(faults.COMMITS)

    async def test_packs_have_one_form_and_hold_nothing_else(self) -> None:
        async with self.judges() as judges:
            for what, (by, verdict) in packs.PACKS.items():
                for name, url in judges.items():
                    with self.subTest(what, judge=name):
                        two = author()
                        two.publish({"profile.json": PROFILE, "more.txt": os.urandom(50)})
                        ends = verdict not in (faults.HELD, faults.NOT_HELD)
                        self.assertEqual(await self.judged(url, two, ends, packing(by)), verdict)


if __name__ == "__main__":
    unittest.main()
