"""A narrow line: what is large is slow there, and keeps what is small no longer than what is on its way already."""

from __future__ import annotations

import unittest

from .places import NetworkCase, eventually

BITS_PER_SECOND = 64_000
PHOTO_BYTES = 400_000  # 50 s
# What a daemon hands to its transport, one more part of a pack, and what the kernel takes: 4 s.
SMALL_SECONDS = 10


class SlowLine(NetworkCase):
    def test_a_small_publication_overtakes_a_large_one_on_a_narrow_line_and_no_session_ends(self) -> None:
        keeper, other, reader = (self.settled(name) for name in ("keeper", "other", "reader"))
        assert reader.machine
        url = keeper.serve()
        other.serve(url)
        reader.serve(url)
        self.agree(keeper, other, reader)
        reader.machine.narrow(BITS_PER_SECOND)
        keeper.tells_much(PHOTO_BYTES)
        before = reader.received()
        eventually(lambda: reader.received() > before + PHOTO_BYTES // 20, "the photo comes")

        other.tells("small")
        eventually(lambda: reader.knows("small"), "what another says, to the slow one", SMALL_SECONDS)
        reader.tells("back")
        eventually(lambda: other.knows("back"), "what the slow one says", SMALL_SECONDS)
        self.assertFalse(reader.knows("photo"), "the photo was still on its way")

        reader.machine.widen()
        eventually(lambda: reader.knows("photo"), "the photo")
        self.agree(keeper, other, reader)
        self.assertEqual((keeper.opened(), other.opened(), reader.opened()), (2, 1, 1), "no session ended for being slow")


if __name__ == "__main__":
    unittest.main()
