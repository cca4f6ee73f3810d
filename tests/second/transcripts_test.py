"""What daemons of earlier days said is understood by the daemon of today, and its frames can still be read."""

from __future__ import annotations

import asyncio
import unittest

from websockets.legacy.server import serve

from .cases import Case
from .channel import DIALLED, DIALLING, Channel, dialled
from .daemons import Daemon
from .frame import Cells, Charters, Done, Evidence, Heads, Hello, More, Pack, Receipt, Want, read_frame
from .transcript import FOLDER, Player, Transcript

NAMES = sorted(file.stem for file in FOLDER.glob("*.json"))


class Transcripts(Case):
    async def test_the_transcripts_have_what_daemons_say(self) -> None:
        said = {type(frame) for name in NAMES for ours, octets in Transcript.read(name).frames if ours for frame in [read_frame(octets)]}
        self.assertLessEqual({Hello, Cells, More, Done, Heads, Charters, Want, Pack, Receipt, Evidence}, said)

    async def test_every_frame_is_read_and_made_again(self) -> None:
        for name in NAMES:
            for _, octets in Transcript.read(name).frames:
                with self.subTest(name, octets=octets[:8].hex()):
                    self.assertEqual(read_frame(octets).encoded(), octets)

    async def test_a_daemon_of_today_speaks_with_those_of_earlier_days(self) -> None:
        for name in NAMES:
            with self.subTest(name):
                transcript, daemon = Transcript.read(name), self.network.daemon(f"today-{name.replace('_', '-')}")
                if transcript.role == DIALLING:
                    player = Player(transcript, await dialled(daemon.serve()))
                    await asyncio.wait_for(player.play(), 30)
                    await player.channel.close()
                else:
                    player = await self.dialled_by(daemon, transcript)
                self.assertNotIn("Bye", player.heard)
                await asyncio.to_thread(daemon.command, "verify")

    async def dialled_by(self, daemon: Daemon, transcript: Transcript) -> Player:
        played: asyncio.Future[Player] = asyncio.get_running_loop().create_future()

        async def accept(socket: object) -> None:
            player = Player(transcript, Channel(socket, DIALLED))
            try:
                await player.play()
                if not played.done():
                    played.set_result(player)
            except Exception as error:  # noqa: BLE001
                if not played.done():
                    played.set_exception(error)

        async with serve(accept, "127.0.0.1", 0, compression=None, ping_interval=None) as server:
            port = next(iter(server.sockets)).getsockname()[1]
            await asyncio.to_thread(daemon.serve, f"ws://127.0.0.1:{port}/peer")
            return await asyncio.wait_for(played, 30)


if __name__ == "__main__":
    unittest.main()
