"""Cosines of the trigram profiles of all languages, per mille, for ``data/relatedness``.

    python scripts/data/trigram_cosines.py            # rewrites cosines.csv and the hashes
    python scripts/data/trigram_cosines.py --check    # exit status 1 if something would change

``trigrams.csv.gz`` and ``lineages.csv`` are given; where from, says the card.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import sys
from pathlib import Path
from typing import Final

import numpy as np

from atlasmix.transfer.relatedness import declarations

FOLDER: Final = Path(__file__).resolve().parents[2] / "data" / "relatedness"


def cosines_csv() -> bytes:
    """The square table: codes as header and first column, whole per mille."""
    profiles = declarations()
    codes = sorted(profiles)
    words = {word: at for at, word in enumerate(sorted({w for p in profiles.values() for w in p}))}
    counts = np.zeros((len(codes), len(words)))
    for row, code in enumerate(codes):
        for trigram, count in profiles[code].items():
            counts[row, words[trigram]] = count
    # Whole numbers: the product is exact, whatever the order in which it is summed.
    product = counts @ counts.T
    size = np.sqrt(np.diag(product))
    table = np.rint(1000 * product / size[:, None] / size[None, :]).astype(int)
    lines = [",".join(["code", *codes])]
    lines += [
        ",".join([code, *map(str, row)]) for code, row in zip(codes, table.tolist(), strict=True)
    ]
    return ("\n".join(lines) + "\n").encode()


def main() -> int:
    """Write the table, and the hashes of all tables into the card."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    written = {FOLDER / "cosines.csv": cosines_csv()}
    card = (FOLDER / "card.yaml").read_text(encoding="utf-8")
    said, mark, hashes = card.rpartition("\nfiles:\n")  # its words speak of the same files
    for name in ("cosines.csv", "lineages.csv", "trigrams.csv.gz"):
        path = FOLDER / name
        digest = hashlib.sha256(written.get(path) or path.read_bytes()).hexdigest()
        hashes = re.sub(rf"(?m)^  {re.escape(name)}: .*$", f"  {name}: {digest}", hashes)
    written[FOLDER / "card.yaml"] = f"{said}{mark}{hashes}".encode()
    stale = [
        path for path, text in written.items() if not path.exists() or path.read_bytes() != text
    ]
    for path in stale:
        print(f"{path.name} {'would change' if check else 'written'}")
        if not check:
            path.write_bytes(written[path])
    return int(check and bool(stale))


if __name__ == "__main__":
    sys.exit(main())
