"""Which made worlds a benchmark plays: the ones that its page tells of, a few, or others."""

from __future__ import annotations

import argparse


def asked_seeds(words: str | None, worlds: int, quick: int) -> range:
    """The seeds that the command line asks for; ``range(worlds)`` are those of the page.

    Args:
        words: what the benchmark is, for ``--help``.
        worlds: of its page.
        quick: worlds where it is only tried.
    """
    parser = argparse.ArgumentParser(description=words)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--seeds", type=int, default=0, help="the first one")
    parser.add_argument("--worlds", type=int, default=worlds)
    asked = parser.parse_args()
    count = quick if asked.quick else asked.worlds
    return range(asked.seeds, asked.seeds + count)
