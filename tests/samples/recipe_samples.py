"""A small world of domains in the place of languages, and a way to spoil a recipe."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

DOMAIN_CARD = """\
title: Transfer between sciences
axis: domain
names: [medical, biomedical, chemistry]
metric: transfer weight
orientation: source to target
status: measured
stderr: {measured: 0.05}
source: our own runs
licence: private
"""

DOMAIN_SCORES = """\
source,target,score
biomedical,medical,0.6
chemistry,medical,0.2
medical,biomedical,0.5
chemistry,biomedical,0.3
medical,chemistry,0.1
biomedical,chemistry,0.2
"""

DOMAIN_POOLS_CARD = """\
title: Text by science
axis: domain
names: [medical, biomedical, chemistry]
source: our own count
licence: private
"""

DOMAIN_POOLS = """\
language,provenance,corpus,unique_tokens,unit,obtained
medical,human,papers,1e9,our tokens,counted
biomedical,human,papers,5e9,our tokens,counted
chemistry,human,papers,9e9,our tokens,counted
"""


def set_at(content: Any, path: Sequence[str | int], value: object) -> None:
    """Put ``value`` where ``path`` leads in plain data."""
    for key in path[:-1]:
        content = content[key]
    content[path[-1]] = value
