r"""How related two languages are, from tables at hand: ancestry, writing, place and trigrams.

Six features of a pair, each from 0 to 1, each higher for closer relatives, each the same both ways:

- ``trigrams``: :math:`c^{3/2}` of the cosine c of the character trigrams of the Universal
  Declaration of Human Rights, all scripts romanised; where a language has no such text, what the
  other five make likely. (Of the powers 1, 3/2, 2 and 3 this one foretells languages that were
  left out best: strangers share a tenth of their trigrams by chance.)
- ``genus``, ``family``, ``script``: 1 where both have the same one.
- ``depth``: depth of the common ancestor in Glottolog's tree, :math:`d/\sqrt{d_a d_b}`.
- ``near``: :math:`e^{-r/1000\,km}` of the great circle between Glottolog's two points.

``kin`` is a correlation, of which Gaussian processes are made: half ``depth``, half ``near``, which
are both positive semidefinite (shared clades; an exponential of a distance on a sphere).
"""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from atlasmix.errors import DataError
from atlasmix.evidence.scores import Floats
from atlasmix.evidence.shelf import shipped_tables
from atlasmix.evidence.trigrams import Profile, cosine
from atlasmix.io.shipped import data_folder
from atlasmix.languages.language import SUBJECTS
from atlasmix.languages.tables import languages

FEATURES: Final = ("trigrams", "genus", "family", "script", "depth", "near")

FOLDER: Final = "relatedness"

REACH_KM: Final = 1000.0
"""Distance at which ``near`` has fallen to 1/e: of 670, 1,000 and 2,000 km the one that foretells
languages that were left out best."""

POWER: Final = 1.5

_SHARED: Final = ("genus", "family", "script")

_EARTH_KM: Final = 6371.0


@dataclass(frozen=True, slots=True, eq=False)
class Relatedness:
    """Features of every ordered pair of some languages.

    Attributes:
        keys: language keys, rows and columns of all arrays.
        values: (6, n, n), in the order of :data:`FEATURES`, each 0-1 and symmetric; trigrams nan
            where one of the two has no text.
        kin: (n, n), a correlation matrix.
    """

    keys: tuple[str, ...]
    values: Floats
    kin: Floats

    def __post_init__(self) -> None:
        """Make the arrays read-only."""
        for array in (self.values, self.kin):
            array.setflags(write=False)


def relatedness(keys: Sequence[str], samples: Mapping[str, Profile] | None = None) -> Relatedness:
    """Relatedness of all pairs of ``keys``.

    Args:
        keys: language keys; one in an unusual script (``srp_Latn``) has the ancestry, place and
            trigrams of its language. Code and mathematics are related to nothing.
        samples: profile of trigrams per key, for keys with a text of the user's own; they take the
            place of the declaration's.

    Raises:
        DataError: a key that is no language of the tables.
    """
    known = languages()
    codes = [key.partition("_")[0] for key in keys]
    for key, code in zip(keys, codes, strict=True):
        if code not in known and code not in SUBJECTS:
            raise DataError(f"no language {key!r} in the tables: nothing is known of its relatives")
    entries = [known.get(code) for code in codes]
    scripts = [
        key.partition("_")[2] or (entry.script if entry else "")
        for key, entry in zip(keys, entries, strict=True)
    ]
    depth = _depth(codes)
    near = _near(
        [entry.latitude if entry else None for entry in entries],
        [entry.longitude if entry else None for entry in entries],
        codes,
    )
    values = np.stack(
        [
            _trigrams(keys, codes, samples or {}),
            _same([entry.genus if entry else "" for entry in entries]),
            _same([entry.family if entry else "" for entry in entries]),
            _same(scripts),
            depth,
            near,
        ]
    )
    return Relatedness(tuple(keys), values, (depth + near) / 2)


@dataclass(frozen=True, slots=True)
class Relative:
    """Another language, and what it shares with one.

    Attributes:
        key: of the other.
        kin: correlation of descent and place, 0-1.
        trigrams: cosine of the trigrams of the two declarations, 0-1; None where either has none.
        shared: which of ``genus``, ``family`` and ``script`` both have.
    """

    key: str
    kin: float
    trigrams: float | None
    shared: tuple[str, ...]


def relatives(key: str, others: Sequence[str], most: int) -> tuple[Relative, ...]:
    """The nearest relatives of a language by descent and place, then by trigrams.

    Args:
        key: of the language.
        others: among which; itself, in whatever script, is no relative.
        most: how many.

    Raises:
        DataError: a key that is no language of the tables.

    >>> [relative.key for relative in relatives("glg", ("fra", "por", "jpn"), 2)]
    ['por', 'fra']
    """
    code = key.partition("_")[0]
    strangers = tuple(each for each in others if each.partition("_")[0] != code)
    related = relatedness((key, *strangers))
    told = []
    for place, other in enumerate(strangers, start=1):
        values = dict(zip(FEATURES, related.values[:, 0, place].tolist(), strict=True))
        power = values["trigrams"]
        told.append(
            Relative(
                other,
                float(related.kin[0, place]),
                None if np.isnan(power) else power ** (1 / POWER),
                tuple(name for name in _SHARED if values[name] > 0),
            )
        )
    told.sort(key=lambda each: (-round(each.kin, 6), -(each.trigrams or 0.0), each.key))
    return tuple(told[:most])


@lru_cache(maxsize=1)
def declarations() -> Mapping[str, Profile]:
    """Trigrams of the Universal Declaration of Human Rights, code -> trigram -> count."""
    content = (data_folder() / FOLDER / "trigrams.csv.gz").read_bytes()
    profiles: dict[str, dict[str, int]] = {}
    with io.StringIO(gzip.decompress(content).decode("utf-8"), newline="") as text:
        for row in csv.DictReader(text):
            profiles.setdefault(row["code"], {})[row["trigram"]] = int(row["count"])
    return profiles


@lru_cache(maxsize=1)
def _cosines() -> tuple[Mapping[str, int], Floats]:
    lines = (data_folder() / FOLDER / "cosines.csv").read_text(encoding="ascii").split("\n")
    codes = lines[0].split(",")[1:]
    rows = [line.split(",", 1)[1] for line in lines[1:] if line]
    table = np.array(",".join(rows).split(","), dtype=np.float64) / 1000
    return {code: at for at, code in enumerate(codes)}, table.reshape(len(codes), len(codes))


@lru_cache(maxsize=1)
def lineages() -> Mapping[str, tuple[str, ...]]:
    """Glottolog's ancestors of every language, the family first; code -> Glottocodes."""
    _, tables = shipped_tables(FOLDER, ("lineages.csv",))
    return {row["code"]: tuple(row["glottolog_path"].split()) for row in tables["lineages.csv"]}


def _trigrams(keys: Sequence[str], codes: Sequence[str], samples: Mapping[str, Profile]) -> Floats:
    place, table = _cosines()
    at = np.array([place.get(code, -1) for code in codes])
    values = np.where((at[:, None] >= 0) & (at[None, :] >= 0), table[np.ix_(at, at)], np.nan)
    for row, key in enumerate(keys):
        if key in samples:
            own = samples[key]
            for column, other in enumerate(codes):
                text = samples.get(keys[column]) or declarations().get(other)
                value = cosine(own, text) if text else np.nan
                values[row, column] = values[column, row] = value
    np.fill_diagonal(values, 1.0)
    return np.asarray(values**POWER)


def _same(words: Sequence[str]) -> Floats:
    names = {word: place for place, word in enumerate(sorted(set(words)))}
    at = np.array([names[word] if word else -1 - place for place, word in enumerate(words)])
    return np.asarray(at[:, None] == at[None, :], dtype=np.float64)


def _depth(codes: Sequence[str]) -> Floats:
    paths = [lineages().get(code) or (code,) for code in codes]
    shared = np.zeros((len(codes), len(codes)))
    for level in range(max(len(path) for path in paths)):
        names: dict[tuple[str, ...], int] = {}
        # A clade that two languages share is one of all its ancestors too.
        at = np.array(
            [
                names.setdefault(path[: level + 1], len(names)) if level < len(path) else -1 - row
                for row, path in enumerate(paths)
            ]
        )
        shared += at[:, None] == at[None, :]
    depths = np.sqrt(np.array([len(path) for path in paths], dtype=np.float64))
    depth = shared / (depths[:, None] * depths[None, :])
    # The same language in two scripts is one clade; rounding would leave it a hair off 1.
    return np.asarray(np.minimum(depth, 1.0))


def _near(
    latitudes: Sequence[float | None], longitudes: Sequence[float | None], codes: Sequence[str]
) -> Floats:
    known = np.array([None not in pair for pair in zip(latitudes, longitudes, strict=True)])
    north = np.radians([value or 0.0 for value in latitudes])
    east = np.radians([value or 0.0 for value in longitudes])
    points = np.stack(
        [np.cos(north) * np.cos(east), np.cos(north) * np.sin(east), np.sin(north)], axis=1
    )
    chord = points @ points.T
    chord = np.clip((chord + chord.T) / 2, -1.0, 1.0)
    near = np.exp(-_EARTH_KM * np.arccos(chord) / REACH_KM)
    near = np.where(known[:, None] & known[None, :], near, 0.0)
    near[_same(codes) > 0] = 1.0
    return np.asarray(near)
