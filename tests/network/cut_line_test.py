"""A line that is cut in the middle of a transfer."""

from __future__ import annotations

import unittest

from .places import NetworkCase, eventually

PHOTO_BYTES = 3_000_000


class CutLine(NetworkCase):
    def test_a_transfer_goes_on_where_it_was_once_the_line_is_there_again(self) -> None:
        keeper, reader = self.settled("keeper"), self.settled("reader")
        assert keeper.machine and reader.machine
        keeper.tells_much(PHOTO_BYTES)
        reader.machine.narrow(8_000_000)
        reader.serve(keeper.serve())
        eventually(lambda: reader.received() > PHOTO_BYTES // 4, "a quarter of the photo")

        reader.machine.line_is("down")
        before = keeper.machine.retransmissions()
        eventually(lambda: keeper.machine is not None and keeper.machine.retransmissions() >= before + 3, "three attempts that nobody hears")
        self.assertFalse(reader.knows("photo"))
        reader.tells("meanwhile")
        reader.machine.line_is("up")

        eventually(lambda: reader.knows("photo") and keeper.knows("meanwhile"), "all of it")
        self.agree(keeper, reader)
        self.assertEqual((keeper.opened(), reader.opened()), (1, 1), "the same session all along")
        self.assertLess(reader.received(), PHOTO_BYTES * 1.02, "nothing came twice")


if __name__ == "__main__":
    unittest.main()
