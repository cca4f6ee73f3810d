"""What daemons of earlier days said is understood by the daemon of today, and its frames can still be read."""

from __future__ import annotations

import asyncio
import contextlib
import unittest
from collections.abc import AsyncIterator, Awaitable, Callable

from websockets.legacy.server import WebSocketServerProtocol, serve

from .cases import Case
from .channel import DIALLED, DIALLING, Channel, dialled
from .daemons import Daemon, eventually
from .frame import Bye, Cells, Charters, Done, Due, Evidence, Heads, Hello, More, Pack, Receipt, TwoCharters, Want, read_frame
from .history import Objects
from .invitation import Invited, Welcome, invitation_link, secret_of
from .pack import BLOB, Object, read_pack
from .scope import Holders, Scope, Where
from .transcript import FOLDER, Player, Transcript

NAMES = sorted(file.stem for file in FOLDER.glob("*.json"))
SAID = {
    Hello, Cells, More, Done, Due, Heads, Charters, Want, Pack, Receipt, Evidence, Bye, Invited, Welcome, TwoCharters, Scope, Where, Holders,
}


class Transcripts(Case):
    async def test_the_transcripts_have_what_daemons_say(self) -> None:
        said = {type(frame) for name in NAMES for ours, octets in Transcript.read(name).frames if ours for frame in [read_frame(octets)]}
        self.assertLessEqual(SAID, said)

    async def test_a_recorded_daemon_breaks_its_history_and_another_confirms_a_break(self) -> None:
        for name, (breaks, confirms) in {"erasing": (True, False), "purging": (False, True)}.items():
            told: dict[bytes, bool] = {}  # the heads of an epoch above the first, by whether the recorded daemon told them
            confirmed: set[bytes] = set()
            for ours, octets in Transcript.read(name).frames:
                match read_frame(octets):
                    case Heads(bundle):
                        told |= {head.hash(): ours for head in bundle.heads if head.epoch}
                    case Pack(_, _, places) if ours:
                        told |= {packed.head.hash(): ours for packed in places if packed.head and packed.head.epoch}
                    case Receipt(_, _, heads) if ours:
                        confirmed |= {made for _, made in heads if made in told}
            with self.subTest(name):
                self.assertEqual(list(told.values()), [breaks])
                self.assertEqual(confirmed == set(told), confirms)

    async def test_every_frame_is_read_and_made_again(self) -> None:
        for name in NAMES:
            for _, octets in Transcript.read(name).frames:
                with self.subTest(name, octets=octets[:8].hex()):
                    self.assertEqual(read_frame(octets).encoded(), octets)

    async def test_a_daemon_of_today_speaks_with_those_of_earlier_days(self) -> None:
        for name in NAMES:
            with self.subTest(name):
                transcript, daemon = Transcript.read(name), self.network.daemon(f"today-{name.replace('_', '-')}")
                plays = self.dialling if transcript.role == DIALLING else self.dialled
                async with plays(daemon, transcript) as player:
                    self.assertNotIn("Bye", player.heard)
                    if name in self.then():
                        await self.then()[name](daemon, player)
                await asyncio.to_thread(daemon.command, "verify")

    @contextlib.asynccontextmanager
    async def dialling(self, daemon: Daemon, transcript: Transcript) -> AsyncIterator[Player]:
        url = await asyncio.to_thread(daemon.serve)
        player = Player(transcript, await dialled(url))
        if transcript.secret:
            given = await asyncio.to_thread(daemon.command, "invite", "--url", f"http://{daemon.address}")
            player.secret = secret_of(given["link"])
        await asyncio.wait_for(player.play(), 30)
        yield player
        await player.channel.close()

    @contextlib.asynccontextmanager
    async def dialled(self, daemon: Daemon, transcript: Transcript) -> AsyncIterator[Player]:
        played: asyncio.Future[Player] = asyncio.get_running_loop().create_future()

        async def accept(socket: WebSocketServerProtocol) -> None:
            player = Player(transcript, Channel(socket, DIALLED))
            try:
                await player.play()
                if not played.done():
                    played.set_result(player)
                await socket.wait_closed()
            except Exception as error:  # noqa: BLE001
                if not played.done():
                    played.set_exception(error)

        async with serve(accept, "127.0.0.1", 0, compression=None, ping_interval=None) as server:
            url = f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}/peer"
            if transcript.secret:
                await asyncio.to_thread(daemon.serve)
                await self.joins(daemon, transcript, url)
            else:
                await asyncio.to_thread(daemon.serve, url)
            yield await asyncio.wait_for(played, 30)

    async def joins(self, daemon: Daemon, transcript: Transcript, url: str) -> None:
        """The recorded daemon's place, by its invitation."""
        (hello,) = transcript.said(Hello)
        assert isinstance(hello, Hello)
        joined = await asyncio.to_thread(daemon.command, "join", invitation_link(url, hello.place, transcript.secret))
        self.assertEqual(joined["state"], "accepted")

    # What the daemon of today made of it, by transcript.

    def then(self) -> dict[str, Callable[[Daemon, Player], Awaitable[None]]]:
        return {
            "joining": self.is_a_partner,
            "inviting": self.showed_its_invitation,
            "following": self.knows_who_follows_and_who_holds,
            "two_charters": self.tells_people_of_two_charters,
            "erasing": self.has_erased,
            "blocking": self.knows_that_it_is_blocked,
        }

    async def is_a_partner(self, daemon: Daemon, player: Player) -> None:
        self.assertIn(Welcome(""), player.frames)
        (hello,) = player.transcript.said(Hello)
        assert isinstance(hello, Hello)
        listed = await asyncio.to_thread(daemon.command, "partners")
        self.assertEqual([partner["place"] for partner in listed["accepted"]], [hello.place.hex()])

    async def showed_its_invitation(self, _: Daemon, player: Player) -> None:
        self.assertIsNotNone(player.shown)

    async def knows_who_follows_and_who_holds(self, daemon: Daemon, player: Player) -> None:
        (holders,) = (frame for frame in player.frames if isinstance(frame, Holders))
        self.assertEqual(holders, Holders(((player.channel.remote, ""),), ((player.channel.remote, (0,)),)))
        (scope,), (told,) = player.transcript.said(Scope), player.transcript.said(Holders)
        assert isinstance(scope, Scope) and isinstance(told, Holders)
        scopes, named = list(scope.scopes), [{"id": place.hex(), "address": address} for place, address in told.daemons if address]

        def known() -> bool:
            holders = [{key: each[key] for key in ("id", "address")} for each in daemon.ask("status").get("holders", [])]
            return holders == named and daemon.command("peers")["peers"][0]["scope"] == scopes

        await asyncio.to_thread(eventually, known, "the recorded daemon's scope, and whom it named")

    async def tells_people_of_two_charters(self, daemon: Daemon, player: Player) -> None:
        (told, *_) = player.transcript.said(TwoCharters)
        assert isinstance(told, TwoCharters)
        place = told.one.place.hex()
        await asyncio.to_thread(eventually, lambda: [each["id"] for each in daemon.ask("status").get("twoCharters", [])] == [place], "two charters")

    async def has_erased(self, daemon: Daemon, player: Player) -> None:
        before, after = (frame for frame in player.transcript.said(Pack) if isinstance(frame, Pack))
        head = after.places[0].head
        assert head is not None and head.hash() in player.receipts
        old = read_pack(before.octets, dict[bytes, Object]().get)
        objects = Objects({**old, **read_pack(after.octets, old.get)})
        gone = set(old) - objects.reached(head.commit)
        self.assertIn(BLOB, {old[name][0] for name in gone})
        self.assertEqual([name.hex() for name in gone if daemon.has_object(name)], [])
        self.assertTrue(all(daemon.has_object(name) for name in objects.reached(head.commit)))

    async def knows_that_it_is_blocked(self, daemon: Daemon, _: Player) -> None:
        await asyncio.to_thread(eventually, lambda: bool(daemon.command("peers")["addresses"][0].get("refuses")), "that it is blocked")


if __name__ == "__main__":
    unittest.main()
