"""YAML from strangers, read so that it can only be plain data: no objects, no bombs, no slips."""

from __future__ import annotations

import codecs
import gc
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any, Final

import yaml

from atlasmix.errors import DataError

#: The C scanner where PyYAML was built with it: about ten times faster.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DEEPEST = 24


def load_yaml(text: str | bytes, what: str, limit: int) -> object:
    """The plain data (mappings, lists, texts, numbers) that one YAML document holds.

    Args:
        text: the document, at most ``limit`` bytes of UTF-8.
        what: how a message names it, say ``card of 'atlas-2025'``.
        limit: bytes.

    Returns:
        What the document holds; None where it is empty.

    Raises:
        DataError: too long, not UTF-8, not YAML, an anchor or alias, a key twice, a key that is
            no text (an unquoted ``no`` or ``yes``), or nested deeper than 24.
    """
    written = decode(text, what, limit)
    try:
        _refuse_tricks(written, what)
        with _uncollected():
            node = yaml.compose(written, Loader=_Loader)
            if node is None:
                return None
            _refuse_bad_keys(node, what)
            return _Loader("").construct_document(node)
    except yaml.YAMLError as error:
        raise DataError(f"{what} is not plain YAML{_where(error)}: mend that line") from error
    except (ValueError, OverflowError, RecursionError) as error:
        raise DataError(
            f"{what} holds a number or date that cannot be read: quote it if it is a text"
        ) from error


@contextmanager
def _uncollected() -> Iterator[None]:
    """No search for cycles while a document grows: it has none, and each search walks all of it.

    For a mixture of twenty thousand prefixes that was two thirds of the time of reading.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def dump_yaml(content: object) -> str:
    """Plain data as YAML, keys in their order, the same bytes each time."""
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=96)


def decode(content: str | bytes, what: str, limit: int, remedy: str = "save it as UTF-8") -> str:
    """Text of at most ``limit`` bytes, UTF-8, without a zero byte or a byte-order mark.

    ``remedy`` says what to do with bytes that are no text.

    Raises:
        DataError: longer, not UTF-8, or binary.
    """
    size = len(content)
    if size > limit:
        raise DataError(
            f"{what} has {size:,} bytes: expected at most {limit:,}; split or shorten it"
        )
    if isinstance(content, bytes):
        try:
            # Not utf-8-sig: Python loads that codec from a file, which a user may not be let read.
            content = content.removeprefix(codecs.BOM_UTF8).decode("utf-8")
        except UnicodeDecodeError as error:
            raise DataError(f"{what} is not UTF-8 text (byte {error.start:,}): {remedy}") from error
    if "\0" in content:
        raise DataError(f"{what} holds zero bytes, so it is binary: expected UTF-8 text")
    return content.removeprefix("\ufeff")


def _refuse_tricks(text: str, what: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if getattr(event, "anchor", None) is not None:
            raise DataError(
                f"{what} uses a YAML anchor or alias in line {_line(event.start_mark)}: "
                "expected plain values; write the value out"
            )
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > _DEEPEST:
            raise DataError(f"{what} is nested deeper than {_DEEPEST} levels: flatten it")


def _refuse_bad_keys(node: yaml.Node, what: str) -> None:
    if isinstance(node, yaml.SequenceNode):
        for child in node.value:
            _refuse_bad_keys(child, what)
    elif isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            line = _line(key.start_mark)
            if not isinstance(key, yaml.ScalarNode) or key.tag != "tag:yaml.org,2002:str":
                raise DataError(
                    f"{what} has in line {line} a key that YAML does not read as a text "
                    f"({str(key.value)[:40]!r}): quote it"
                )
            if key.value in seen:
                raise DataError(
                    f"{what} has the key {key.value!r} a second time in line {line}: keep one"
                )
            seen.add(key.value)
            _refuse_bad_keys(value, what)


def _line(mark: Any) -> int:
    return int(mark.line) + 1


def _where(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None)
    return (f" in line {mark.line + 1}" if mark else "") + (f" ({problem})" if problem else "")


# PyYAML reads these as plain texts, other readers of YAML do not.
_AMBIGUOUS: Final = frozenset({"nan", "inf", "y", "n", "none", "nil", "null", "~"})


class _Dumper(yaml.SafeDumper):
    """PyYAML's own, with lists indented and doubtful texts in quotes."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """Indent lists under their key."""
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:
        """Write everything out: no anchors."""
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    doubtful = text.casefold() in _AMBIGUOUS or reads_as_number(text)
    style = "'" if doubtful else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _decimal(dumper: yaml.SafeDumper, number: Decimal) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:float", plain_decimal(number))


_Dumper.add_representer(str, _text)
_Dumper.add_representer(Decimal, _decimal)


def yaml_text(content: object, width: int = 96) -> str:
    """Plain data as YAML: keys in their order, the same bytes each time, no anchors.

    A text that some reader would take for a truth, a number or nothing (``no``, ``y``, ``1e5``)
    stands in quotes. A ``Decimal`` is written without an exponent, because PyYAML reads ``1e-05``
    as a text and OmegaConf as a number.
    """
    return yaml.dump(content, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=width)


def reads_as_number(text: str) -> bool:
    """Whether ``float`` takes a text for a number, as many a reader does: ``1e5``, ``nan``, ``7``.

    >>> reads_as_number("1e5"), reads_as_number("2023"), reads_as_number("a1")
    (True, True, False)
    """
    try:
        float(text)
    except ValueError:
        return False
    return True


def plain_decimal(number: Decimal) -> str:
    """A number in plain digits, with a point and at least one digit after it.

    >>> plain_decimal(Decimal("1E-5")), plain_decimal(Decimal(1)), plain_decimal(Decimal("0.50"))
    ('0.00001', '1.0', '0.5')
    """
    digits = f"{number:f}"
    if "." not in digits:
        return f"{digits}.0"
    whole, _, part = digits.partition(".")
    return f"{whole}.{part.rstrip('0') or '0'}"
