"""python3 -m tests.network [NAME_test...]: runs these, or all; each skipped test says why. 77 when none could run."""

from __future__ import annotations

import sys
import unittest
from pathlib import Path

from . import __name__ as package

NOTHING_RAN = 77

names = sys.argv[1:] or sorted(file.stem for file in Path(__file__).parent.glob("*_test.py"))
tests = unittest.defaultTestLoader.loadTestsFromNames([f"{package}.{name}" for name in names])
result = unittest.TextTestRunner(verbosity=2).run(tests)
for test, reason in result.skipped:
    print(f"SKIPPED {test}: {reason}", file=sys.stderr)
if not result.wasSuccessful() or not tests.countTestCases():
    sys.exit(1)
sys.exit(NOTHING_RAN if len(result.skipped) == tests.countTestCases() else 0)
