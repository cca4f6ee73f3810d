"""§7 and §8 "What a session may cost": each cost to the frame, shown to a real daemon; what time gives back."""

from __future__ import annotations

import asyncio
import time
import unittest

from .cases import Case, author
from .channel import dialled
from .frame import All, Ask, Bundle, Bye, Heads, More, Pack, Want, read_frame
from .handshake_test import GOES_ON, Dialler
from .octets import u8, u16

BURST, PER_SECOND = 20_000, 200
HANDSHAKE_SECONDS = 10
UNKNOWN = b"\x9f of a later version"
QUESTION = Want(7, ((bytes(32), bytes(20)),))  # costs one itself
COSTS = {
    "a frame of a later version": (1, [UNKNOWN]),
    "a head of an unknown place": (1, [Heads(Bundle((), (author().heads[-1],))).encoded()]),
    "MORE without ASK": (1, [More(1).encoded()]),
    "ASK": (100, [Ask(1).encoded()]),
    "WHERE": (100, [u8(0x85) + u16(1) + bytes(32)]),
    "HOLDERS": (100, [u8(0x86) + u8(0) + u16(0)]),
    "SCOPE": (1_000, [u8(0x84) + u8(0)]),
    "ASK and ALL": (1_100, [Ask(1).encoded(), All().encoded()]),
}


class Costs(Case):
    async def asyncSetUp(self) -> None:
        await super().asyncSetUp()
        self.daemon = await asyncio.to_thread(self.network.daemon, "Konk")
        self.url = await asyncio.to_thread(self.daemon.serve)

    async def opened(self) -> Dialler:
        dialler = Dialler(await dialled(self.url), author())
        await dialler.open()
        return dialler

    async def borne(self, dialler: Dialler, frames: list[bytes]) -> str:
        """What the frames and a question behind them are answered."""
        dialler.pour([*frames, QUESTION.encoded()])
        while True:
            frame = read_frame(await asyncio.wait_for(dialler.channel.receive_octets(), 30))
            if isinstance(frame, Bye):
                return frame.code
            if isinstance(frame, Pack):
                return GOES_ON

    async def test_twenty_thousand_go_on_at_once_however_they_are_made_up_and_many_more_do_not(self) -> None:
        for what, (cost, frames) in COSTS.items():
            count, left = divmod(BURST - 1, cost)
            for sent, verdict in ((frames * count + [UNKNOWN] * left, GOES_ON), (frames * (BURST * 5 // 4 // cost), "rate-limited")):
                with self.subTest(what, verdict=verdict):
                    dialler = await self.opened()
                    self.assertEqual(await self.borne(dialler, sent), verdict)
                    await dialler.channel.close()

    async def test_a_handshake_has_ten_seconds_in_which_two_thousand_are_borne_again(self) -> None:
        began = time.monotonic()
        silent, halfway, spent = Dialler(await dialled(self.url), author()), Dialler(await dialled(self.url), author()), await self.opened()
        await halfway.hello()
        self.assertEqual(await self.borne(spent, [UNKNOWN] * (BURST - 1)), GOES_ON)
        seconds_spent = time.monotonic() - began
        for dialler in (silent, halfway):
            while not isinstance(frame := read_frame(await asyncio.wait_for(dialler.channel.receive_octets(), 30)), Bye):
                pass
            self.assertEqual(frame.code, "timeout")
            self.assertGreater(time.monotonic() - began, HANDSHAKE_SECONDS)
            await dialler.channel.close()
        again = int((HANDSHAKE_SECONDS - seconds_spent) * PER_SECOND)
        self.assertEqual(await self.borne(spent, [UNKNOWN] * (again - 1)), GOES_ON)
        self.assertEqual(await self.borne(spent, [UNKNOWN] * (BURST // 2)), "rate-limited")
        await spent.channel.close()


if __name__ == "__main__":
    unittest.main()
