"""Mixtures of others: what a framework was given to train on, pool by pool, as a YAML file."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from atlasmix.errors import AtlasMixError, DataError
from atlasmix.evidence.pools import Provenance, pool_name
from atlasmix.io.files import read_file
from atlasmix.io.safe_yaml import load_yaml, plain_decimal, yaml_text
from atlasmix.io.schema import AtLeastOne, Digest, Positive, Share, Text, faults_of
from atlasmix.io.shipped import data_folder
from atlasmix.io.tables import refuse
from atlasmix.languages.resolving import resolve

MIXTURE_SCHEMA: Final = "atlasmix/mixture/1"
MIXTURE_LIMIT: Final = 16 * 1024 * 1024
"""Most bytes of a mixture file: Megatron's most, 32,767 entries, fit with room to spare."""

BILLIONTHS: Final = 10**9
"""Proportions are counted in billionths: real mixtures go down to 6e-7, which six places lose."""

MIXTURE_ENDINGS: Final = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class Part:
    """One entry of the framework's list.

    Attributes:
        prefix: what stood there: a path without ending, or the name of a source.
        weight: the number beside it, as written; only proportions count.
        unique_tokens: distinct tokens behind the prefix; None where nobody counted.
    """

    prefix: Text
    weight: Positive
    unique_tokens: Positive | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenOther:
    """What has no single language: code, mathematics, parallel text, or a prefix nobody mapped.

    Attributes:
        name: of the source.
        proportion: share of training tokens, 0-1, nine places.
        unique_tokens: distinct tokens; None where nobody counted.
        unit: whose tokens they are; empty where unknown.
        counted_in: where the count stands; empty where there is none.
        documents: number of them, where known.
        max_epochs: the cap that the framework's own file sets, where it sets one.
        parts: the entries that add up to it.
    """

    name: Text
    proportion: Share
    unique_tokens: Positive | None = None
    unit: str = ""
    counted_in: str = ""
    documents: Positive | None = None
    max_epochs: Positive | None = None
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenPool(GivenOther):
    """Tokens of one language, one provenance and one corpus; ``name`` is made of the three."""

    language: Text
    provenance: Provenance
    corpus: Annotated[str, Meta(pattern="^[a-z0-9][a-z0-9_-]{0,39}$")]


class MixtureOrigin(Struct, forbid_unknown_fields=True):
    """Where a mixture was read from, and by what."""

    atlasmix: str
    format: str
    file: str
    sha256: Digest
    mapping: str
    counts: str


class MixtureFile(Struct, forbid_unknown_fields=True):
    """A mixture that a training framework was given, pool by pool."""

    schema: Literal["atlasmix/mixture/1"]
    name: Text
    tokens: AtLeastOne | None
    pools: list[GivenPool]
    other: list[GivenOther]
    notes: list[str]
    origin: MixtureOrigin
    refusals: list[str] | UnsetType = UNSET


@dataclass(frozen=True, slots=True)
class GivenMixture:
    """A mixture that somebody trains on, whoever decided it.

    Attributes:
        name: the file's, without its ending.
        tokens: tokens of the run, where they are known.
        pools: with one language each, largest first.
        other: everything else, largest first; all proportions together sum to 1.
        origin: format, file and its SHA-256, mapping, counts, version; plain data.
        notes: plain sentences on what was found while reading.
        refusals: those of the notes that say what the framework itself would stop at.
    """

    name: str
    tokens: float | None
    pools: tuple[GivenPool, ...]
    other: tuple[GivenOther, ...] = ()
    origin: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    refusals: tuple[str, ...] = ()

    @property
    def proportions(self) -> dict[str, float]:
        """Share of training tokens per language, nine places, largest first."""
        shares: dict[str, int] = {}
        for pool in self.pools:
            part = round(pool.proportion * BILLIONTHS)
            shares[pool.language] = shares.get(pool.language, 0) + part
        ordered = sorted(shares.items(), key=lambda item: (-item[1], item[0]))
        return {key: part / BILLIONTHS for key, part in ordered}


def files_of(entry: GivenOther) -> dict[str, tuple[float, float | None]]:
    """Every file of a pool: its share of the pool's tokens, 0-1, and its unique tokens.

    The same prefix twice, whatever its ending, is one file: weighted twice, counted once.

    >>> parts = Part("/a/cat", 3.0, 50.0), Part("/a/cat_text_document", 1.0, 50.0)
    >>> files_of(GivenOther(name="x", proportion=1.0, parts=parts))
    {'/a/cat': (1.0, 50.0)}
    """
    whole = math.fsum(part.weight for part in entry.parts)
    files: dict[str, tuple[float, float | None]] = {}
    for part in entry.parts:
        path = plain_prefix(part.prefix)
        share, unique = files.get(path, (0.0, part.unique_tokens))
        files[path] = share + part.weight / whole, unique
    return files


_ENDINGS: Final = ("_text_document", "_text_sentence", "_content_document")
_SLASHES = re.compile(r"/{2,}")


def plain_prefix(prefix: str) -> str:
    """A prefix without the endings that every tokenizer script adds, and without doubled slashes.

    >>> plain_prefix("/data//ca/ca-0_text_document")
    '/data/ca/ca-0'
    """
    # A mixture may have twenty thousand prefixes, and each is asked for half a dozen times.
    bare = prefix.strip()
    if "//" in bare:
        bare = _SLASHES.sub("/", bare)
    if bare.endswith((".bin", ".idx")):
        bare = bare[:-4]
    for ending in _ENDINGS:
        if bare.endswith(ending):
            return bare.removesuffix(ending).rstrip("/")
    return bare.rstrip("/")


def is_mixture_file(name: str) -> bool:
    """Whether a name is meant as the path of a mixture file."""
    return name.endswith(MIXTURE_ENDINGS)


def holds_mixture(content: object) -> bool:
    """Whether plain data call themselves a mixture."""
    return isinstance(content, dict) and content.get("schema") == MIXTURE_SCHEMA


def load_mixture(source: Path | str | bytes) -> GivenMixture:
    """A mixture from a file (``Path``) or from its text.

    Raises:
        DataError: unreadable, not plain YAML, not of this schema, or with proportions that do not
            sum to 1; ``faults`` names all.
    """
    what = f"mixture file {source.name or source}" if isinstance(source, Path) else "mixture"
    text = read_file(source, MIXTURE_LIMIT) if isinstance(source, Path) else source
    content = load_yaml(text, what, MIXTURE_LIMIT)
    if not isinstance(content, dict) or not holds_mixture(content):
        raise DataError(
            f"{what} is no mixture: expected a file that begins with 'schema: {MIXTURE_SCHEMA}'; "
            "write one with atlasmix import"
        )
    return mixture_of(content, what)


def mixture_of(content: dict[str, Any], what: str) -> GivenMixture:
    """A mixture from the plain data of its file.

    Raises:
        DataError: as ``load_mixture``.
    """
    refuse(what, faults_of(content, MixtureFile, "mixture") or _inner_faults(content))
    return GivenMixture(
        name=content["name"],
        tokens=content["tokens"],
        pools=tuple(GivenPool(**_fields(pool)) for pool in content["pools"]),
        other=tuple(GivenOther(**_fields(each)) for each in content["other"]),
        origin=content["origin"],
        notes=tuple(content["notes"]),
        refusals=tuple(content.get("refusals", ())),
    )


def mixture_faults(mixture: GivenMixture) -> list[str]:
    """What keeps a mixture from being read again once it is written; empty where nothing does."""
    content = _with_floats(mixture_mapping(mixture))
    return faults_of(content, MixtureFile, "mixture") or _inner_faults(content)


def _with_floats(value: Any) -> Any:
    """Decimals as the floats that are read of them."""
    if isinstance(value, dict):
        return {key: _with_floats(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_floats(item) for item in value]
    return float(value) if isinstance(value, Decimal) else value


def mixture_schema() -> dict[str, Any]:
    """The JSON Schema of a mixture file, as shipped in ``data/schemas/mixture-1.json``."""
    path = data_folder() / "schemas" / "mixture-1.json"
    schema: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return schema


def _fields(entry: dict[str, Any]) -> dict[str, Any]:
    return {**entry, "parts": tuple(Part(**part) for part in entry["parts"])}


def _inner_faults(content: dict[str, Any]) -> list[str]:
    entries = [*content["pools"], *content["other"]]
    faults = []
    total = sum(round(entry["proportion"] * BILLIONTHS) for entry in entries)
    if total != BILLIONTHS:
        faults.append(f"proportions sum to {total / BILLIONTHS:.9f}, expected 1")
    names = Counter(entry["name"] for entry in entries)
    faults += [f"{name} stands there twice" for name, count in names.items() if count > 1]
    for pool in content["pools"]:
        expected = pool_name(pool["language"], pool["provenance"], pool["corpus"])
        if pool["name"] != expected:
            faults.append(f"pool {pool['name']}: expected the name {expected}")
        try:
            key = str(resolve(pool["language"]))
        except AtlasMixError as error:
            faults.append(f"pool {pool['name']}: {error}")
            continue
        if key != pool["language"]:
            faults.append(f"pool {pool['name']}: write the language as {key}")
    return faults


_HEADER: Final = """\
# What a model is trained on, as its framework was given it, pool by pool.
# atlasmix lint FILE says what to look at before it is trained on.
"""


def dump_mixture(mixture: GivenMixture) -> str:
    """The mixture as YAML; ``load_mixture`` reads it back to the same."""
    content = mixture_mapping(mixture)
    lists = [entry["parts"] for entry in (*content["pools"], *content["other"])]
    for entry in (*content["pools"], *content["other"]):
        entry["parts"] = []
    head, *rest = (_HEADER + yaml_text(content)).split(_NO_PARTS)
    # Each pool's parts are written on their own: PyYAML takes seconds for thousands of them.
    return head + "".join(
        _parts_text(parts) + after for parts, after in zip(lists, rest, strict=True)
    )


_NO_PARTS: Final = "    parts: []\n"
_BARE: Final = re.compile(r"/[A-Za-z0-9_./+-]{1,60}", re.ASCII)
"""A path that YAML reads as a text, in one line, whatever the reader."""


def _parts_text(parts: Sequence[Mapping[str, Any]]) -> str:
    """The parts of a pool as ``yaml_text`` writes them."""
    if not parts:
        return _NO_PARTS
    lines = ["    parts:\n"]
    for part in parts:
        if _BARE.fullmatch(part["prefix"]):
            lines.append(f"      - prefix: {part['prefix']}\n")
            for key in ("weight", "unique_tokens"):
                lines.append(f"        {key}: {_digits(part[key])}\n")
        else:
            text = yaml_text([part])
            lines += [f"      {line}\n" for line in text.rstrip("\n").split("\n")]
    return "".join(lines)


def _digits(number: Decimal | int | None) -> str:
    if number is None:
        return "null"
    return str(number) if isinstance(number, int) else plain_decimal(number)


def mixture_mapping(mixture: GivenMixture) -> dict[str, Any]:
    """The mixture as plain data, in the order in which it is written."""
    return {
        "schema": MIXTURE_SCHEMA,
        "name": mixture.name,
        "tokens": None if mixture.tokens is None else round(mixture.tokens),
        "pools": [_pool(pool) for pool in mixture.pools],
        "other": [_other(each) for each in mixture.other],
        "notes": list(mixture.notes),
        "origin": dict(mixture.origin),
        **({"refusals": list(mixture.refusals)} if mixture.refusals else {}),
    }


def _pool(pool: GivenPool) -> dict[str, Any]:
    written = _other(pool)
    name = written.pop("name")
    who = {"language": pool.language, "provenance": pool.provenance, "corpus": pool.corpus}
    return {"name": name, **who, **written}


def _other(entry: GivenOther) -> dict[str, Any]:
    return {
        "name": entry.name,
        # A float would be written 1.0e-06, which OmegaConf and YAML 1.2 read and people do not.
        "proportion": Decimal(round(entry.proportion * BILLIONTHS)) / BILLIONTHS,
        "unique_tokens": _number(entry.unique_tokens),
        "unit": entry.unit,
        "counted_in": entry.counted_in,
        "documents": _number(entry.documents),
        "max_epochs": _number(entry.max_epochs),
        "parts": [
            {
                "prefix": part.prefix,
                "weight": _number(part.weight),
                "unique_tokens": _number(part.unique_tokens),
            }
            for part in entry.parts
        ],
    }


def _number(value: float | None) -> Decimal | int | None:
    """A whole number as an integer, any other in plain digits."""
    if value is None:
        return None
    return int(value) if float(value).is_integer() else Decimal(repr(float(value)))
