"""Hostile files by structure, as many as asked: ``python scripts/fuzz_readers.py 5000``.

Runs the tests that the suite runs with a small budget: framework files, mappings, counts, logs,
the ``expected.json`` of an export, workbooks and phases. A file that is neither read nor refused in
a sentence fails, and is printed as small as it gets.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
TESTS: Final = (
    "tests/interop/importers/test_hostile_files.py",
    "tests/audit/run_log/test_hostile_logs.py",
    "tests/io/test_hostile_workbooks.py",
    "tests/problem/test_hostile_phases.py",
)


def main() -> int:
    """Run them one after the other; the exit status of the first that fails."""
    examples = sys.argv[1] if len(sys.argv) > 1 else "5000"
    if not (examples.isascii() and examples.isdecimal() and len(examples) < 9):
        print(f"fuzz_readers: {examples[:40]!r} is no number of examples, such as 5000")
        return 2
    environment = {**os.environ, "ATLASMIX_FUZZ": examples}
    for path in TESTS:
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", path]
        done = subprocess.run(command, cwd=ROOT, env=environment, check=False)
        if done.returncode:
            return done.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main())
