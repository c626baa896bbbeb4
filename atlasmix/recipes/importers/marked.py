"""YAML and JSON as plain data that know their lines, so that a fault is named where it stands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import yaml

from atlasmix.errors import DataError
from atlasmix.evidence.safe_yaml import load_yaml

FILE_LIMIT: Final = 16 * 1024 * 1024
"""Most bytes of a framework's file."""

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Marked:
    """A value of a YAML or JSON file.

    Attributes:
        value: text, number, truth or None; for a mapping or list see ``items`` and ``members``.
        line: of the file, from 1.
        kind: ``mapping``, ``list`` or ``scalar``.
        content: (key, value) of a mapping, ("", value) of a list.
    """

    value: object
    line: int
    kind: str
    content: tuple[tuple[str, Marked], ...] = ()

    @property
    def place(self) -> str:
        """``line 12``."""
        return f"line {self.line}"

    def get(self, *keys: str) -> Marked | None:
        """What stands under these keys, one inside the other; None where one is missing."""
        found: Marked | None = self
        for key in keys:
            if found is None or found.kind != "mapping":
                return None
            found = dict(found.content).get(key)
        return found

    def items(self) -> Iterator[tuple[str, Marked]]:
        """Keys and values of a mapping."""
        yield from self.content if self.kind == "mapping" else ()

    def members(self) -> Iterator[Marked]:
        """Members of a list."""
        yield from (value for _, value in self.content) if self.kind == "list" else ()


def read_marked(text: str, what: str) -> Marked:
    """A YAML or JSON document with its lines.

    Raises:
        DataError: not plain YAML (see ``load_yaml``), or empty.
    """
    # JSON may be indented with tabs, which YAML refuses; in its texts a tab cannot stand.
    text = text.replace("\t", "  ") if text.lstrip()[:1] in {"{", "["} else text
    if load_yaml(text, what, FILE_LIMIT) is None:
        raise DataError(f"{what} is empty: expected what the framework is given")
    node = yaml.compose(text, Loader=_Loader)
    return _marked(node, _Loader(""))


def _marked(node: yaml.Node | None, loader: Any) -> Marked:
    assert node is not None
    line = int(node.start_mark.line) + 1
    if isinstance(node, yaml.MappingNode):
        content = tuple((str(key.value), _marked(value, loader)) for key, value in node.value)
        return Marked(None, line, "mapping", content)
    if isinstance(node, yaml.SequenceNode):
        return Marked(
            None, line, "list", tuple(("", _marked(value, loader)) for value in node.value)
        )
    return Marked(loader.construct_object(node), line, "scalar")
