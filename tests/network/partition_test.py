"""A network in two halves for a while: both go on, one daemon starts again in between, and they agree once it has healed."""

from __future__ import annotations

import os
import unittest
from pathlib import Path

from .places import NetworkCase, Place, eventually


class Partition(NetworkCase):
    def part_and_heal(self, *places: Place) -> None:
        west, west_end, east, east_end = places
        machines = [place.machine for place in places if place.machine]
        url = west.serve()
        west_end.serve(url)
        east_end.serve(east.serve(url))
        self.agree(*places)

        self.router.parts(machines[:2], machines[2:])
        for place in places:
            place.tells(f"of-{place.name}")
        eventually(lambda: west.knows("of-west-end") and west_end.knows("of-west"), "the west goes on")
        eventually(lambda: east.knows("of-east-end") and east_end.knows("of-east"), "the east goes on")
        east.kill()
        east.serve(url)
        east.tells("again")
        self.assertFalse(any(place.knows("of-east") for place in (west, west_end)))
        self.assertFalse(any(place.knows("of-west") for place in (east, east_end)))

        self.router.heals(machines[:2], machines[2:])
        self.agree(*places)
        for place in places:
            self.assertTrue(place.knows(*(f"of-{other.name}" for other in places), "again"), place.name)

    def test_halves_that_published_apart_agree_when_they_meet(self) -> None:
        self.part_and_heal(*(self.settled(name) for name in ("west", "west-end", "east", "east-end")))

    def test_a_clock_a_year_ahead_and_one_a_year_behind_change_nothing_of_it(self) -> None:
        preload = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)
        if preload is None:
            self.skipTest("package libfaketime is not installed")
        places = [self.settled(name) for name in ("west", "west-end", "east", "east-end")]
        for place, clock in ((places[1], "+1y"), (places[2], "-1y")):
            place.environment = {**os.environ, "LD_PRELOAD": str(preload), "FAKETIME": clock, "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
        self.part_and_heal(*places)
        years = {int(place.ask("status")["own"][0]["head"]["time"][:4]) for place in places[:3]}
        self.assertEqual(len(years), 3, f"three clocks a year apart: {years}")


if __name__ == "__main__":
    unittest.main()
