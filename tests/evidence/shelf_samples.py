"""Small tables and cards for the tests of the shelf."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

MATRIX_CARD = """\
title: A matrix of ours
metric: BTS
orientation: source to target
status: measured
stderr: {measured: 0.05, predicted: 0.2}
source: our own runs
licence: private
"""

INVENTORY_CARD = """\
title: An inventory of ours
source: our own count
licence: private
"""

SCORES = "source,target,score\nspa,cat,0.4\ncat,spa,0.3\n"
POOLS = (
    "language,provenance,corpus,unique_tokens,unit,obtained\n"
    "ca,human,ours,21e9,our tokens,counted\n"
    "es,human,ours,1e12,our tokens,counted\n"
)

Write = Callable[[str, str | bytes], Path]
