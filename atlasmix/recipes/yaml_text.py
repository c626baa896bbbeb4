"""Plain data as YAML that every reader of YAML understands alike."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

import yaml

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
