"""A report of HPLT's data analytics tool: what one language of a corpus holds, as YAML.

``src_sent_tokens`` is a text ``[[tokens of a segment, segments], ...]``, ``src_unique_sents`` the
same with each segment counted once, ``docs_total`` the documents, ``srclang`` the language; a
report of parallel text has ``trglang`` too (reports of HPLT 1.2 and 2.0).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from atlasmix.errors import DataError
from atlasmix.io.files import read_file
from atlasmix.io.safe_yaml import load_yaml

UNIT: Final = "tokens of the HPLT analytics tool's own tokenizers"
_LIMIT: Final = 8 * 1024 * 1024
_MOST: Final = 1e15


@dataclass(frozen=True, slots=True)
class AnalyticsCount:
    """What a report counts.

    Attributes:
        language: as the report writes it.
        tokens: of segments that are told apart, where it says so; else of all.
        documents: number of them; None where it does not say.
        distinct: whether repeated segments are counted once.
        parallel: whether it is a report of two languages.
    """

    language: str
    tokens: int
    documents: int | None
    distinct: bool
    parallel: bool


def read_report(path: Path) -> AnalyticsCount:
    """The counts of a report.

    Raises:
        DataError: no report of the tool, or counts that are none.
    """
    content = load_yaml(read_file(path, _LIMIT), path.name, _LIMIT)
    if not isinstance(content, dict) or "srclang" not in content:
        raise DataError(f"{path.name} is no report of HPLT's analytics: it has no srclang")
    distinct = "src_unique_sents" in content
    lengths = content.get("src_unique_sents" if distinct else "src_sent_tokens")
    documents = content.get("docs_total")
    whole = isinstance(documents, int) and not isinstance(documents, bool) and documents > 0
    return AnalyticsCount(
        language=str(content["srclang"]),
        tokens=_tokens(lengths, path.name),
        documents=documents if whole else None,
        distinct=distinct,
        parallel=bool(content.get("trglang")) and content.get("trglang") != "-",
    )


def _tokens(lengths: object, name: str) -> int:
    """The tokens of ``[[tokens of a segment, segments], ...]``.

    Raises:
        DataError: anything else.
    """
    total = 0
    try:
        pairs: Any = json.loads(lengths) if isinstance(lengths, str) else lengths
        for tokens, segments in pairs:
            total += int(tokens) * int(segments)
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise DataError(
            f"{name}: expected src_unique_sents or src_sent_tokens as pairs of a length and how "
            "often it is there"
        ) from error
    if not 0 <= total <= _MOST:
        raise DataError(f"{name}: {str(total)[:20]} tokens: expected a count from 0 to {_MOST:g}")
    return total
