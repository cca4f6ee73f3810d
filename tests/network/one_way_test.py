"""A place that nobody can reach, as behind a provider's address translation, has its part all the same."""

from __future__ import annotations

import unittest

from .places import NetworkCase, eventually


class OneWay(NetworkCase):
    def test_who_can_only_dial_is_heard_by_all_and_hears_all(self) -> None:
        hidden, middle, far = (self.settled(name) for name in ("hidden", "middle", "far"))
        assert hidden.machine and middle.machine and far.machine
        self.router.closes(hidden.machine)
        hidden.tells("before")
        hidden.serve(middle.serve(hidden.machine.url))
        far.serve(middle.machine.url, hidden.machine.url)
        self.assertFalse(middle.machine.reaches(hidden.machine))
        self.assertFalse(far.machine.reaches(hidden.machine))
        self.assertTrue(hidden.machine.reaches(middle.machine))

        hidden.tells("of-hidden")
        middle.tells("of-middle")
        far.tells("of-far")
        for place in (hidden, middle, far):
            eventually(lambda place=place: place.knows("before", "of-hidden", "of-middle", "of-far"), f"all at {place.name}")  # type: ignore[misc]
        self.agree(hidden, middle, far)

        # The connection can only be made again from inside.
        middle.kill()
        hidden.tells("meanwhile")
        middle.serve(hidden.machine.url)
        eventually(lambda: far.knows("meanwhile"), "what was published while nobody heard it")


if __name__ == "__main__":
    unittest.main()
