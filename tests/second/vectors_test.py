"""The examples of PROTOCOL.md and RECORDS.md: protocol/vectors/*.json, read and made again byte for byte."""

from __future__ import annotations

import json
import unittest
from pathlib import Path
from typing import Any

from . import sketch
from .charter import check_chain, public, read_charter, verified
from .frame import Auth, Cells, Evidence, Hello, Receipt, Unknown, auth_message, read_frame
from .head import bloom, read_head
from .octets import Reader, Refused, sha256, u64

VECTORS = Path(__file__).parents[2] / "protocol" / "vectors"


def vectors(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((VECTORS / f"{name}.json").read_text())
    return found


def octets(text: str) -> bytes:
    return bytes.fromhex(text)


class CharterVectors(unittest.TestCase):
    def test_the_chain_is_read_made_again_and_valid(self) -> None:
        given = vectors("charter")
        chain = []
        for name in ("genesis", "rotated"):
            reader = Reader(octets(given[name]["signed"]))
            charter = read_charter(reader)
            reader.end()
            self.assertEqual(charter.encoded(), octets(given[name]["signed"]))
            self.assertEqual(charter.unsigned(), octets(given[name]["unsigned"]))
            self.assertEqual(charter.hash(), octets(given[name]["hash"]))
            chain.append(charter)
        check_chain(chain, octets(given["genesis"]["place"]))
        self.assertEqual(chain[1].daemon, public(octets(given["daemon_2_seed"])))
        again = chain[1].signed_by([octets(given["root_a_seed"]), octets(given["root_b_seed"])])
        self.assertEqual(again, chain[1])
        lone = chain[1].signed_by([octets(given["root_b_seed"])])
        with self.assertRaises(Refused):
            check_chain([chain[0], lone], octets(given["genesis"]["place"]))

    def test_no_byte_of_a_charter_can_change(self) -> None:
        given = vectors("charter")
        genesis = read_charter(Reader(octets(given["genesis"]["signed"])))
        whole = octets(given["rotated"]["signed"])
        for at in range(len(whole)):
            changed = whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :]
            with self.assertRaises(Refused, msg=f"byte {at}"):
                reader = Reader(changed)
                charter = read_charter(reader)
                reader.end()
                check_chain([genesis, charter], genesis.hash())


class HeadVectors(unittest.TestCase):
    def test_heads_are_read_made_again_and_valid(self) -> None:
        charters = vectors("charter")
        for name, of in (("first", "genesis"), ("second", "rotated")):
            given = vectors("head")[name]
            head = read_head(Reader(octets(given["signed"])))
            self.assertEqual(head.encoded(), octets(given["signed"]))
            self.assertEqual(head.unsigned(), octets(given["unsigned"]))
            self.assertEqual(head.hash(), octets(given["hash"]))
            self.assertEqual(head.element(False), octets(given["element"]))
            self.assertEqual(head.element(True), octets(given["element_forked"]))
            head.check(read_charter(Reader(octets(charters[of]["signed"]))))
        self.assertEqual(head.addressed, bloom(bytes.fromhex("966f")))


class SketchVectors(unittest.TestCase):
    def test_symbols_cells_and_their_bytes_are_those_of_the_example(self) -> None:
        given = vectors("sketch")
        key = octets(given["key"])
        for one in given["symbols"]:
            symbol = sketch.symbol_of(key, octets(one["element"]))
            self.assertEqual(u64(symbol), octets(one["symbol"]))
            self.assertEqual(sketch.check_of(key, symbol), int(one["check"], 16))
            self.assertEqual(list(sketch.indices(symbol)), one["indices"])
        symbols = [int(one["symbol"], 16) for one in given["symbols"]]
        cells = sketch.cells_of(key, symbols, len(given["cells"]))
        made = [sketch.Cell(int(one["sum"], 16), int(one["check"], 16), one["count"]) for one in given["cells"]]
        self.assertEqual(cells, made)
        self.assertEqual(sketch.encode_cells(cells, 0, len(symbols)), octets(given["encoded"]))
        self.assertEqual(sketch.decode_cells(octets(given["encoded"]), 0, len(symbols), 2048), made)

    def test_the_estimate_of_the_example_is_made(self) -> None:
        given, elements = vectors("sketch"), [sha256(str(n).encode()) for n in range(1000)]
        levels = sketch.estimate_of(elements[:10])
        self.assertEqual([u64(level) for level in levels], [octets(level) for level in given["estimate"]])
        self.assertEqual(sketch.estimate_of(reversed(elements[:10])), levels)
        self.assertEqual(sketch.apart(levels, levels), 0)
        for differing in (4, 60, 600):
            apart = sketch.apart(sketch.estimate_of(elements), sketch.estimate_of(elements[differing:]))
            self.assertLess(abs(apart / differing - 1), 0.5)

    def test_the_difference_is_decoded(self) -> None:
        key = octets(vectors("sketch")["key"])
        symbols = [sketch.symbol_of(key, sha256(str(n).encode())) for n in range(700)]
        theirs, mine = symbols[:500], symbols[40:]
        difference = sketch.Difference(key, mine)
        cells = sketch.cells_of(key, theirs, 800)
        for first in range(0, 800, 50):
            if not difference.complete():
                difference.add(cells[first : first + 50])
        self.assertTrue(difference.complete())
        self.assertEqual(sorted(difference.theirs_alone), sorted(symbols[:40]))
        self.assertEqual(sorted(difference.mine_alone), sorted(symbols[500:]))


class FrameVectors(unittest.TestCase):
    def test_each_frame_is_read_and_made_again(self) -> None:
        for name, text in vectors("frames").items():
            with self.subTest(name):
                self.assertEqual(read_frame(octets(text)).encoded(), octets(text))

    def test_no_frame_but_hello_may_be_cut_or_go_on(self) -> None:
        open_ended = {"hello_telling", "sketch_cells", "pack_first", "pack_last", "unknown"}
        for name, text in vectors("frames").items():
            with self.subTest(name):
                if name not in open_ended:
                    self.assertRaises(Refused, read_frame, octets(text) + b"\0")
                    self.assertRaises(Refused, read_frame, octets(text)[:-1])
        telling = octets(vectors("frames")["hello_telling"])
        self.assertEqual(read_frame(telling + b"of a later version"), read_frame(telling))
        self.assertRaises(Refused, read_frame, telling[:-1])
        self.assertEqual(read_frame(telling).estimate, sketch.estimate_of(sha256(str(n).encode()) for n in range(10)))  # type: ignore[union-attr]

    def test_both_auths_and_the_receipt_are_signed_as_the_document_says(self) -> None:
        frames = {name: octets(text) for name, text in vectors("frames").items()}
        for role, name in enumerate(("auth_dialling", "auth_dialled")):
            auth, hello = read_frame(frames[name]), read_frame(frames["hello" + name[4:]])
            assert isinstance(auth, Auth) and isinstance(hello, Hello)
            (charter,), (head,) = auth.bundle.charters, auth.bundle.heads
            self.assertEqual(charter.id(), hello.place)
            head.check(charter)
            message = auth_message(role, frames["hello_dialling"], frames["hello_dialled"])
            self.assertTrue(verified(charter.daemon, auth.signature, message))
        receipt, evidence, cells = (read_frame(frames[name]) for name in ("receipt", "evidence", "sketch_cells"))
        assert isinstance(receipt, Receipt) and isinstance(evidence, Evidence) and isinstance(cells, Cells)
        self.assertTrue(receipt.holds(charter.daemon))
        self.assertTrue(evidence.one.conflicts(evidence.other))
        self.assertEqual(len(sketch.decode_cells(cells.cells, cells.first, cells.size, 2048)), 2)

    def test_an_unknown_type_passes_above_0x80_and_ends_the_session_below(self) -> None:
        self.assertEqual(read_frame(b"\x80\0"), Unknown(b"\x80\0"))
        self.assertEqual(read_frame(b"\xff"), Unknown(b"\xff"))
        for kind in (0, 11, 0x7F):
            self.assertRaises(Refused, read_frame, bytes([kind]))


if __name__ == "__main__":
    unittest.main()
