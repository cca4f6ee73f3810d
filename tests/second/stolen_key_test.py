"""§8 "Own heads": heads of a daemon's own place that somebody else signed with its key, shown to the daemon itself."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import unittest
from dataclasses import replace
from typing import Any

from .author import Author, nested
from .cases import Case, settled
from .channel import Ended
from .daemons import BINARY, event, eventually
from .faults import tree_of
from .frame import Bundle, Heads, Want, read_frame
from .head import Head
from .session import Peer, Session

GREATEST = 2**64 - 1


class StolenKey(Case):
    """The daemon has published an event; the thief holds all of it, and its key."""

    async def asyncSetUp(self) -> None:
        await super().asyncSetUp()
        self.daemon = await asyncio.to_thread(self.network.daemon, "Konk")
        await self.publish("fete")
        self.liar: Peer = self.peer()
        self.session: Session = await self.liar.dial(await asyncio.to_thread(self.daemon.serve))
        await self.session.until(lambda: settled(self.session))
        place = self.daemon.place
        self.known = self.liar.memory.places[place]
        self.files = self.liar.memory.files(place)
        assert self.known.held is not None
        self.thief = Author("Konk", os.urandom(32), bytes.fromhex((self.daemon.dir / "keys/daemon.key").read_text()))
        self.thief.place, self.thief.chain, self.thief.heads = place, list(self.known.chain), [self.known.held]
        self.thief.objects = self.liar.memory.objects

    async def publish(self, name: str) -> None:
        await asyncio.to_thread(self.daemon.publish, {f"events/{name}.json": event(name)})

    async def refused(self) -> str:
        """The code with which the daemon does not publish."""
        (self.daemon.site / "events/refused.json").write_text(event("refused"))
        line = [BINARY, "publish", "--dir", str(self.daemon.dir), "--json", "events/refused.json"]
        ended = await asyncio.to_thread(lambda: subprocess.run(line, cwd=self.daemon.site, capture_output=True, timeout=60, check=False))
        return str(json.loads(ended.stdout)["problems"][0]["code"]) if ended.returncode else "published"

    def own(self) -> dict[str, Any]:
        status: dict[str, Any] = self.daemon.ask("status")["own"][0]
        return status

    async def asked(self, code: str | None) -> None:
        """Waits until the daemon asks a person this, or nothing any more."""
        await asyncio.to_thread(eventually, lambda: (self.own().get("question") or {}).get("code") == code, f"asks {code}")

    async def shows(self, *names: str) -> None:
        def same() -> bool:
            return sorted(item["name"] for item in self.daemon.ask("events")["items"]) == list(names)

        await asyncio.to_thread(eventually, same, f"events {names}")

    async def tell(self, head: Head, have_it: bool = True) -> None:
        if have_it:
            self.liar.memory.objects.held |= self.thief.objects.held
            self.known.seen = self.known.held = head
        await self.session.channel.send(Heads(Bundle(tuple(self.thief.chain), (head,))))

    def restart(self) -> None:
        self.daemon.stop()
        self.daemon.serve()

    async def test_a_break_of_history_replaces_nothing_of_ours_and_a_person_is_asked(self) -> None:
        root = self.thief.commit(self.thief.folder(nested({"profile.json": self.files["profile.json"]})), [], "nothing was here")
        await self.tell(self.thief.sign(root, tree_of(self.thief, root), epoch=1))
        await self.asked("history-replaced")
        await self.shows("fete")
        self.assertEqual(await self.refused(), "identity-in-question")
        await asyncio.to_thread(self.restart)
        await self.asked("history-replaced")
        self.assertEqual(await self.refused(), "identity-in-question")
        await asyncio.to_thread(self.daemon.command, "settle", "--keep")
        await self.asked(None)
        await self.shows("fete")
        self.assertEqual((await asyncio.to_thread(self.own))["head"]["epoch"], 2)
        self.assertEqual(await self.refused(), "published")

    async def test_an_epoch_at_its_greatest_is_not_followed_and_only_new_keys_go_on(self) -> None:
        await self.publish("bal")
        folder = self.thief.folder(nested({**self.files, "events/vol.json": event("vol").encode()}))
        beside = self.thief.commit(folder, [self.thief.heads[0].commit], "vol")
        await self.tell(self.thief.sign(beside, tree_of(self.thief, beside), epoch=GREATEST))
        await self.asked("counters-exhausted")
        await self.shows("bal", "fete")
        self.assertEqual(await self.refused(), "identity-in-question")

    async def test_a_head_whose_content_nobody_has_replaces_nothing_and_is_waited_for(self) -> None:
        last = self.thief.heads[0]
        nowhere = replace(last, epoch=3, sequence=0, commit=os.urandom(20), state=os.urandom(32)).signed_by(self.thief.daemon)
        await self.tell(nowhere, have_it=False)
        await self.session.until(lambda: any((self.daemon.place, last.commit) in frame.places for frame in self.frames() if isinstance(frame, Want)))
        self.assertEqual(await self.refused(), "identity-settling")
        await self.shows("fete")

    async def test_what_the_key_signed_on_top_is_taken_over_and_gone_on_from(self) -> None:
        more = self.thief.publish({**self.files, "events/ailleurs.json": event("ailleurs").encode()})
        await self.tell(more)
        await self.shows("ailleurs", "fete")
        await self.publish("suite")
        await self.shows("ailleurs", "fete", "suite")
        head = (await asyncio.to_thread(self.own))["head"]
        self.assertEqual((head["epoch"], head["sequence"]), (more.epoch, more.sequence + 1))

    async def test_a_first_peer_that_is_behind_or_makes_heads_up_changes_nothing(self) -> None:
        await self.publish("bal")
        before = (await asyncio.to_thread(self.own))["head"]
        await self.tell(self.thief.heads[0], have_it=False)
        await self.tell(replace(self.thief.heads[0], epoch=9).signed_by(os.urandom(32)), have_it=False)
        with self.assertRaises(Ended) as ended:
            await self.session.until(lambda: False)
        self.assertEqual(ended.exception.code, "bad-signature")
        own = await asyncio.to_thread(self.own)
        self.assertEqual(own["head"], before)
        self.assertFalse({"question", "forked", "keptBack"} & set(own))
        self.assertEqual(await self.refused(), "published")

    def frames(self) -> list[Any]:
        return [read_frame(octets) for ours, octets in self.session.channel.spoken if not ours]


if __name__ == "__main__":
    unittest.main()
