"""Packs and states as stock git makes and names them: what pack.py and history.py read is what git wrote."""

from __future__ import annotations

import base64
import os
import subprocess
import tempfile
import unittest
from pathlib import Path

from .author import Author
from .cases import author
from .charter import public
from .history import Objects
from .octets import Refused, sha256
from .pack import BLOB, COMMIT, TREE, Object, read_pack, write_pack

ENVIRONMENT = {**os.environ, "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null", "LC_ALL": "C"}
WHO = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
KINDS = {b"commit": COMMIT, b"tree": TREE, b"blob": BLOB}


class StockGit(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory(prefix="maillage-second-")))
        self.git("init", "-q", "-b", "main")

    def git(self, *words: str, given: bytes = b"") -> bytes:
        line = ["git", "-C", str(self.folder), *WHO, *words]
        return subprocess.run(line, input=given, capture_output=True, check=True, env=ENVIRONMENT, timeout=60).stdout

    def commits(self, count: int) -> list[str]:
        """Versions of one long file and one short, so that there is much to compute deltas of."""
        lines = [sha256(b"%d" % n).hex() for n in range(400)]
        names = []
        for n in range(count):
            lines[n * 7 % 400] = f"version {n}"
            (self.folder / "long.txt").write_text("\n".join(lines))
            (self.folder / "short.txt").write_text(f"{n}\n")
            self.git("add", ".")
            self.git("commit", "-q", "-m", f"version {n}")
            names.append(self.git("rev-parse", "HEAD").decode().strip())
        return names

    def every_object(self) -> dict[bytes, Object]:
        found = {}
        for line in self.git("cat-file", "--batch-all-objects", "--batch-check").split(b"\n")[:-1]:
            name, kind, _ = line.split(b" ")
            found[bytes.fromhex(name.decode())] = (KINDS[kind], self.git("cat-file", kind.decode(), name.decode()))
        return found

    def test_whole_and_thin_packs_with_either_kind_of_delta_are_read(self) -> None:
        commits = self.commits(20)
        everything = self.every_object()
        for option in ("--delta-base-offset", "--no-reuse-delta"):
            with self.subTest(option):
                whole = self.git("pack-objects", "-q", "--stdout", "--revs", option, given=b"HEAD\n")
                self.assertLess(len(whole), sum(len(octets) for _, octets in everything.values()) // 5, "it has deltas")
                self.assertEqual(read_pack(whole, lambda name: None), everything)
        wanted = f"HEAD\n^{commits[9]}\n".encode()
        thin = self.git("pack-objects", "-q", "--stdout", "--revs", "--thin", given=wanted)
        found = read_pack(thin, everything.get)
        self.assertEqual({name: everything[name] for name in found}, found)
        self.assertIn(bytes.fromhex(commits[19]), found)
        self.assertRaises(Refused, read_pack, thin, lambda name: None)

    def test_no_byte_of_a_pack_can_change_and_none_be_missing(self) -> None:
        self.commits(2)
        whole = self.git("pack-objects", "-q", "--stdout", "--revs", given=b"HEAD\n")
        for at in range(len(whole)):
            self.assertRaises(Refused, read_pack, whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :], lambda name: None)
            self.assertRaises(Refused, read_pack, whole[:at], lambda name: None)

    def test_git_reads_what_we_write_and_verifies_our_commits(self) -> None:
        by: Author = author({"events/2027-03/bal.json": b"{}\n", "a.txt": b"a", "a-b/c.txt": b"c"})
        pack = self.folder / "ours.pack"
        pack.write_bytes(write_pack(by.objects.held.values()))
        self.git("unpack-objects", "-q", given=pack.read_bytes())
        self.git("fsck", "--strict", "--no-dangling")
        commit = by.heads[-1].commit.hex()
        listed = self.git("ls-tree", "-r", "--name-only", commit).decode().split()
        self.assertEqual(listed, ["a-b/c.txt", "a.txt", "events/2027-03/bal.json", "profile.json"])
        key = b"\0\0\0\x0bssh-ed25519\0\0\0 " + public(by.daemon)
        (self.folder / "signers").write_text(f'a namespaces="git" ssh-ed25519 {base64.b64encode(key).decode()}\n')
        self.git("-c", f"gpg.ssh.allowedSignersFile={self.folder}/signers", "verify-commit", commit)


class States(unittest.TestCase):
    def test_the_worked_example_of_records_holds(self) -> None:
        by = author()
        files = {
            "profile.json": '{"kind":"profile","name":"Atelier"}\n'.encode(),
            "events/fete.json": '{"kind":"event","name":"Fête"}\n'.encode(),
        }
        state = by.publish(files).state.hex()
        self.assertEqual(state, "e0e3b08c0d155bc863dfe5f5c06aab9c77e32957f7bb12603f401a0b804ab838")
        self.assertEqual(Objects().state(bytes.fromhex("4b825dc642cb6eb9a060e54bf8d69288fbee4904")), sha256(b""))


if __name__ == "__main__":
    unittest.main()
