"""Lines that are late, lossy or in crumbs, that break in the middle of a frame, and one that stands still: no namespaces needed."""

from __future__ import annotations

import unittest

from .places import Case, Place, eventually
from .proxy import Line, Proxy

PHOTO_BYTES = 400_000


class Proxied(Case):
    def behind(self, keeper: Place, line: Line, name: str) -> tuple[Place, Proxy]:
        """A place whose daemon dials the keeper's over this line."""
        proxy = Proxy(keeper.address, line)
        self.addCleanup(proxy.close)
        place = self.place(name)
        place.serve(proxy.url)
        return place, proxy

    def both_ways(self, keeper: Place, place: Place, seconds: float) -> None:
        """What each publishes now is at the other in so many seconds."""
        keeper.tells(f"to-{place.name}")
        place.tells(f"from-{place.name}")
        eventually(lambda: place.knows(f"to-{place.name}") and keeper.knows(f"from-{place.name}"), f"both ways, {place.name}", seconds)

    def keeper(self, photo_bytes: int = PHOTO_BYTES) -> Place:
        keeper = self.place("keeper")
        keeper.tells("before")
        keeper.tells_much(photo_bytes)
        keeper.serve()
        return keeper

    def test_a_line_of_300_ms_that_loses_carries_a_sync_and_news_both_ways(self) -> None:
        keeper = self.keeper()
        place, proxy = self.behind(keeper, Line(delay_seconds=0.3, lost_percent=2, crumb_bytes=1_400), "far")
        eventually(lambda: place.knows("before", "photo"), "the sync")
        self.both_ways(keeper, place, 8)
        self.agree(keeper, place)
        self.assertEqual(proxy.connections, 1)

    def test_frames_that_come_byte_by_byte_are_frames(self) -> None:
        keeper = self.keeper(PHOTO_BYTES // 10)
        place, proxy = self.behind(keeper, Line(crumb_bytes=1), "crumbs")
        eventually(lambda: place.knows("before", "photo"), "the sync")
        self.both_ways(keeper, place, 8)
        self.agree(keeper, place)
        self.assertEqual(proxy.connections, 1)

    def test_a_connection_that_breaks_anywhere_in_whatever_way_is_made_again_and_the_sync_completes(self) -> None:
        keeper = self.keeper()
        # In the answer to the upgrade, in the handshake, in the reconciliation, in the photo.
        faults = [("cut", 60), ("reset", 250), ("half-close", 700), ("cut", 1_100), ("half-close-back", 40_000), ("reset", 200_000)]
        lines = [self.behind(keeper, Line(fault=fault, after=after), f"{fault}-{after}") for fault, after in faults]
        places = [place for place, _ in lines]
        for place, proxy in lines:
            eventually(lambda place=place: place.knows("before", "photo"), f"the sync, {place.name}")  # type: ignore[misc]
            self.assertEqual(proxy.connections, 2, place.name)
        self.agree(keeper, *places)

    def test_a_peer_that_stands_still_in_the_middle_of_a_frame_keeps_nobody_waiting(self) -> None:
        keeper = self.keeper()
        stalled, proxy = self.behind(keeper, Line(fault="stall", after=200_000), "stalled")
        eventually(proxy.stalled, "the line stands still")
        others = [self.behind(keeper, Line(), name)[0] for name in ("one", "other")]
        eventually(lambda: all(place.knows("before", "photo") for place in others), "the others have all")
        others[0].tells("meanwhile")
        took = eventually(lambda: others[1].knows("meanwhile"), "from one to the other", 5)
        keeper.tells("of-keeper")
        eventually(lambda: all(place.knows("of-keeper") for place in others), "from the keeper to both", 5)
        self.assertFalse(stalled.knows("photo"))
        self.assertTrue(proxy.stalled(), took)
        proxy.resume()
        eventually(lambda: stalled.knows("photo", "meanwhile", "of-keeper"), "what it missed")
        self.agree(keeper, stalled, *others)
        self.assertEqual(proxy.connections, 1)


if __name__ == "__main__":
    unittest.main()
