"""A network in two halves that hear nothing of each other until every session across has given up: a minute."""

from __future__ import annotations

import unittest

from .places import NetworkCase, eventually

IDLE_SECONDS = 60  # PROTOCOL.md §7 "Ending"
PHOTO_BYTES = 1_000_000


class Silence(NetworkCase):
    def test_silence_ends_the_sessions_across_and_no_other_and_halves_that_meet_again_agree(self) -> None:
        west, west_end, east, east_end = (self.settled(name) for name in ("west", "west-end", "east", "east-end"))
        assert west.machine and west_end.machine and east.machine and east_end.machine
        west.tells_much(PHOTO_BYTES)
        east.machine.narrow(4_000_000)
        url = west.serve()
        west_end.serve(url)
        eventually(lambda: west_end.knows("photo"), "the photo, at this end")
        east_url = east.serve(url)
        east_end.serve(east_url)
        # In the middle of the photo.
        eventually(lambda: east.received() > PHOTO_BYTES // 4, "a quarter of the photo, in the other half")
        halves = [west.machine, west_end.machine], [east.machine, east_end.machine]
        self.router.parts(*halves)
        west.tells("of-west")
        east_end.tells("of-east-end")
        eventually(lambda: west_end.knows("of-west") and east.knows("of-east-end"), "each half goes on")

        for place in (west, east):
            eventually(lambda place=place: place.sessions() == 1, f"silence, at {place.name}", IDLE_SECONDS + 5)  # type: ignore[misc]
        self.assertEqual((west_end.opened(), east_end.opened()), (1, 1), "who answers pings stays")
        came = east.received()
        self.assertFalse(east.knows("photo"))
        self.router.heals(*halves)
        west_end.tells("late")
        self.agree(west, west_end, east, east_end)
        for place in (west, west_end, east, east_end):
            self.assertTrue(place.knows("photo", "of-west", "of-east-end", "late"))
        self.assertLess(east.received(), came + PHOTO_BYTES * 1.05, "twice came only what was on its way")


if __name__ == "__main__":
    unittest.main()
