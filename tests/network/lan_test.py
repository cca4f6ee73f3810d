"""Daemons of one local network find each other when both operators asked for it, and only there."""

from __future__ import annotations

import unittest

from .places import NetworkCase, Place, eventually


class Lan(NetworkCase):
    def looking(self, name: str, *words: str) -> Place:
        place = self.settled(name)
        listed = ", ".join(f'"{word}"' for word in words)
        (place.dir / "config.toml").write_text(f"discovery = [{listed}]\n", encoding="utf-8")
        return place

    def test_neighbours_find_each_other_with_no_address_typed(self) -> None:
        near, next_door, apart, silent = self.looking("near", "lan"), self.looking("next-door", "lan"), self.looking("apart", "lan"), self.looking("silent")
        assert near.machine and next_door.machine and apart.machine and silent.machine
        self.router.cable(near.machine, next_door.machine)
        near.tells("of-near")
        for place in (near, next_door, apart, silent):
            place.serve()
        eventually(lambda: next_door.knows("near", "of-near") and near.knows("next-door"), "neighbours that found each other")
        next_door.tells("of-next-door")
        eventually(lambda: near.knows("of-next-door"), "what a neighbour publishes")
        self.agree(near, next_door)

        # One that starts again is found again.
        next_door.kill()
        near.tells("meanwhile")
        next_door.serve()
        eventually(lambda: next_door.knows("meanwhile"), "what was published meanwhile")

        # Behind the router nobody hears it; the route is there.
        self.assertTrue(near.machine.reaches(apart.machine))
        for place in (apart, silent):
            self.assertEqual(place.sessions(), 0)
            self.assertFalse(place.knows("near"))

    def test_who_listens_for_this_machine_alone_says_nothing(self) -> None:
        near, shy = self.looking("near", "lan"), self.looking("shy", "lan")
        assert near.machine and shy.machine
        self.router.cable(near.machine, shy.machine)
        shy.listen = "127.0.0.1:8420"
        shy.serve()
        near.serve()
        eventually(lambda: "config-lan-here-only" in shy.log(), "a word about it in the log")
        self.assertEqual(near.sessions(), 0)


if __name__ == "__main__":
    unittest.main()
