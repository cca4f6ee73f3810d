"""Packets that the kernel itself loses and delays (netem), where it can; proxied_test does the same above TCP."""

from __future__ import annotations

import unittest

from .places import NetworkCase, eventually


class LostPackets(NetworkCase):
    def test_a_line_that_loses_packets_carries_a_sync_and_news_both_ways(self) -> None:
        keeper, place = self.settled("keeper"), self.settled("place")
        assert place.machine
        keeper.tells_much(400_000)
        place.machine.loses(percent=2, milliseconds=150)
        place.serve(keeper.serve())
        eventually(lambda: place.knows("photo"), "the sync")
        keeper.tells("there")
        place.tells("back")
        eventually(lambda: place.knows("there") and keeper.knows("back"), "news both ways")
        self.agree(keeper, place)
        self.assertEqual(place.opened(), 1)


if __name__ == "__main__":
    unittest.main()
