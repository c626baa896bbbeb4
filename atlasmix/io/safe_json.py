"""JSON from strangers: plain data, each key once, every fault a sentence."""

from __future__ import annotations

import json
from typing import Any

from atlasmix.errors import DataError
from atlasmix.io.safe_yaml import decode


def load_json(content: str | bytes, what: str, limit: int, remedy: str = "mend the file") -> object:
    """The plain data that a JSON text holds.

    Args:
        content: at most ``limit`` bytes of UTF-8.
        what: how a message names it.
        limit: bytes.
        remedy: what to do with a text that is no JSON.

    Raises:
        DataError: too long, not UTF-8, not JSON, nested too deeply, a number of thousands of
            digits, or a key twice in one mapping, of which other readers take one in silence.

    >>> load_json('{"a": 1}', "it", 99)
    {'a': 1}
    """
    text = decode(content, what, limit)
    try:
        return json.loads(text, object_pairs_hook=_each_once)
    except _TwiceError as error:
        raise DataError(
            f"{what} has the key {error.args[0]!r} twice in one mapping: keep one"
        ) from error
    except (ValueError, RecursionError) as error:
        reason = str(error).partition("; use sys.")[0]
        raise DataError(f"{what} is not JSON ({reason}): {remedy}") from error


class _TwiceError(Exception):
    """A key stands twice."""


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content: dict[str, Any] = {}
    for key, value in pairs:
        if key in content:
            raise _TwiceError(key[:60])
        content[key] = value
    return content
