"""The card beside every table: what its numbers mean, where they come from, what one may do."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, Literal, get_args

from atlasmix.errors import DataError
from atlasmix.io.safe_yaml import dump_yaml, load_yaml

CARD_SCHEMA = "atlasmix/card/1"
CARD_LIMIT = 256 * 1024
#: Words of a card that are one of a few.
CardKind = Literal[
    "transfer matrix",
    "token inventory",
    "published mixtures",
    "languages",
    "scaling law",
    "crossover",
    "capacity mixtures",
    "accelerators",
    "outlines",
]
KINDS: tuple[str, ...] = get_args(CardKind)
ORIENTATION = "source to target"
STATUSES = ("measured", "predicted", "own")


@dataclass(frozen=True, slots=True)
class Card:
    """What stands on the card of a table; an empty text or None means the card does not say.

    Attributes:
        name: the name on the shelf.
        kind: ``transfer matrix``, ``token inventory``, ...
        title, description: one line; what a number of the table means.
        axis: ``language`` (ISO 639-3 keys) or ``domain`` (the labels in ``names``).
        names: the labels of a domain axis.
        metric: what was measured, say ``BTS``.
        unit: of the score or the counts.
        orientation: always ``source to target``.
        direction: ``higher is better`` or ``lower is better``.
        range: least and greatest possible score (both allowed; BTS stays below 2).
        diagonal: a language's score on itself: a number by definition, ``table`` (rows of the
            table give it) or ``none`` (the study has none).
        status: of a pair whose row names none: ``measured``, ``predicted`` or ``own`` (measured by
            the user, beside the scores of a study); empty: each row says.
        stderr: (status, standard error) for pairs whose row gives none, in units of the score.
        stderr_note: where that rule comes from.
        evidence: what was measured and what was predicted, in words.
        prior: name of the relatedness prior that speaks where there is no score, for every
            language; empty: the pairs of the table are all that is known.
        rows: what the rows of a square table are: ``source``, ``target`` or empty.
        parameters, tokens: model and training budget at which the scores were measured.
        tokenizer: whose tokens are counted.
        source, citation, licence, licence_url, derivation: where from, and how it came here.
        files: (file name, SHA-256) of the table.
        extra: further (key, text) pairs.
    """

    name: str = ""
    kind: str = ""
    title: str = ""
    description: str = ""
    axis: Literal["language", "domain"] = "language"
    names: tuple[str, ...] = ()
    metric: str = ""
    unit: str = ""
    orientation: str = ""
    direction: str = ""
    range: tuple[float, float] = (-math.inf, math.inf)
    diagonal: float | Literal["table", "none"] = "table"
    status: str = ""
    stderr: tuple[tuple[str, float], ...] = ()
    stderr_note: str = ""
    evidence: str = ""
    prior: str = ""
    rows: str = ""
    parameters: float | None = None
    tokens: float | None = None
    tokenizer: str = ""
    source: str = ""
    citation: str = ""
    licence: str = ""
    licence_url: str = ""
    derivation: str = ""
    files: tuple[tuple[str, str], ...] = ()
    extra: tuple[tuple[str, str], ...] = ()

    @property
    def higher_is_better(self) -> bool:
        """Whether a greater score means a better donor."""
        return self.direction != "lower is better"

    def stderr_of(self, status: str) -> float | None:
        """The standard error by rule of pairs with this status; None where the card has none."""
        return dict(self.stderr).get(status)


def read_card(text: str | bytes, what: str = "card") -> Card:
    """The card that a YAML text holds.

    Raises:
        DataError: too long, not plain YAML, an unknown key, or a value that is not of its kind;
            ``faults`` names all of them.
    """
    content = load_yaml(text, what, CARD_LIMIT)
    if not isinstance(content, dict):
        raise DataError(f"{what} holds no keys: expected lines such as 'title: ...'")
    faults: list[str] = []
    values: dict[str, Any] = {}
    known = [field.name for field in fields(Card)]
    if content.pop("schema", CARD_SCHEMA) != CARD_SCHEMA:
        faults.append(f"schema: expected {CARD_SCHEMA}")
    for key, value in content.items():
        if key not in known:
            faults.append(f"unknown key {key!r}: expected one of {', '.join(known)}, schema")
            continue
        if value == "":
            continue  # of a card that is still to be filled in
        try:
            values[key] = _READERS.get(key, _text)(value)
        except ValueError as error:
            faults.append(f"{key}: {error}")
    if faults:
        raise DataError(f"{what} has {_count(faults)}: mend what follows", tuple(faults))
    _known_metric(values)
    return Card(**values)


def matrix_faults(card: Card) -> tuple[str, ...]:
    """What a card lacks to stand beside a transfer matrix."""
    faults = list(_common_faults(card, "transfer matrix"))
    if not card.metric:
        faults.append("metric: missing; expected 'BTS', 'transfer weight' or the study's own name")
    if not card.orientation:
        faults.append(f"orientation: missing; expected '{ORIENTATION}'")
    if not card.direction:
        faults.append("direction: missing; expected 'higher is better' or 'lower is better'")
    if isinstance(card.diagonal, float) and not card.range[0] <= card.diagonal <= card.range[1]:
        faults.append(f"diagonal: {card.diagonal:g} lies outside range")
    return tuple(faults)


def inventory_faults(card: Card) -> tuple[str, ...]:
    """What a card lacks to stand beside a token inventory."""
    return _common_faults(card, "token inventory")


def card_text(card: Card) -> str:
    """The card as YAML, keys in the order of ``Card``, without those that say nothing.

    >>> read_card(card_text(Card(title="Mine"))).title
    'Mine'
    """
    empty = Card()
    content: dict[str, Any] = {"schema": CARD_SCHEMA}
    for field in fields(Card):
        value = getattr(card, field.name)
        if value == getattr(empty, field.name):
            continue
        if field.name == "range":
            value = [end if math.isfinite(end) else None for end in value]
        elif field.name in {"stderr", "files", "extra"}:
            value = dict(value)
        elif isinstance(value, tuple):
            value = list(value)
        content[field.name] = value
    return dump_yaml(content)


_TO_FILL: dict[str, tuple[tuple[str, str], ...]] = {
    "transfer matrix": (
        ("title", "one line, say 'BTS of 38 languages'"),
        ("description", "what one score means"),
        ("metric", "BTS, transfer weight, or the study's own name"),
        ("orientation", "source to target: source is trained on, the loss of target counts"),
        ("direction", "higher is better, or lower is better"),
        ("status", "measured or predicted, where the table has no column status"),
        ("diagonal", "a language's score on itself: a number, table or none"),
        ("stderr", "{measured: 0.05} where the table has no column stderr; {measured: 0} for none"),
        ("rows", "source or target, for a square table alone"),
        ("source", "paper, repository and commit, or own runs"),
        ("licence", "SPDX identifier, or what one may do"),
    ),
    "token inventory": (
        ("title", "one line, say 'Tokens of our corpora'"),
        ("description", "what was counted, and after which filters"),
        ("unit", "whose tokens they are, where the table has no column unit"),
        ("source", "who counted, and from what"),
        ("licence", "SPDX identifier, or what one may do"),
    ),
}


def card_to_fill(kind: str) -> str:
    """A card with the keys that a table of this kind needs, empty, each with what it asks.

    Args:
        kind: ``transfer matrix`` or ``token inventory``.

    >>> card_to_fill("token inventory").splitlines()[1]
    'schema: atlasmix/card/1'
    """
    lines = [
        "# Write behind every key what its comment asks; a key that does not apply may go.",
        f"schema: {CARD_SCHEMA}",
        f"kind: {kind}",
    ]
    for key, asks in _TO_FILL[kind]:
        lines += [f"# {asks}", f'{key}: ""']
    return "\n".join(lines) + "\n"


def _known_metric(values: dict[str, Any]) -> None:
    """Fill in what the two metrics of token counts are by definition; a card need not say it."""
    metric = values.get("metric", "").lower()
    if metric == "bts":
        values["metric"] = "BTS"
        low, high = values.get("range", (-math.inf, 2.0))
        values["range"] = (low, min(high, 2.0))
    elif metric == "transfer weight":
        values["metric"] = metric
    else:
        return
    values.setdefault("diagonal", 1.0)
    values.setdefault("direction", "higher is better")


def _common_faults(card: Card, kind: str) -> tuple[str, ...]:
    faults = [f"{key}: missing" for key in ("title", "source", "licence") if not getattr(card, key)]
    if card.kind not in ("", kind):
        faults.append(f"kind: found {card.kind!r}, expected {kind!r}")
    if card.axis == "domain" and not card.names:
        faults.append("names: missing; a card with 'axis: domain' lists the labels of its table")
    if card.axis == "language" and card.names:
        faults.append("names: found with 'axis: language'; expected only with 'axis: domain'")
    if card.axis == "domain" and card.prior:
        faults.append("prior: found with 'axis: domain'; relatedness is known of languages alone")
    return tuple(faults)


def _count(faults: list[str]) -> str:
    return f"{len(faults)} fault{'s' * (len(faults) > 1)}"


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"found {value!r}, expected a text; quote it")
    return value.strip()


def _one_of(*allowed: str) -> Callable[[object], str]:
    def read(value: object) -> str:
        written = _text(value)
        if written not in allowed:
            raise ValueError(f"found {written!r}, expected one of {', '.join(allowed)}")
        return written

    return read


def _orientation(value: object) -> str:
    written = _text(value).lower().replace("->", " to ").replace("→", " to ")
    if " ".join(written.split()) == ORIENTATION:
        return ORIENTATION
    raise ValueError(
        f"found {value!r}, expected '{ORIENTATION}' (source is trained on, the loss of target "
        "counts); swap the columns of the table, or name what its rows are with 'rows: target'"
    )


def _direction(value: object) -> str:
    written = _text(value).lower()
    for word in ("higher", "lower"):
        if written in (word, f"{word} is better"):
            return f"{word} is better"
    raise ValueError(f"found {value!r}, expected 'higher is better' or 'lower is better'")


def _number(value: object) -> float:
    if isinstance(value, str):
        raise ValueError(
            f"found the text {value!r}, expected a number (YAML reads 1e9 as a text: "
            "write 1.0e+9 or 1000000000)"
        )
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"found {value!r}, expected a number")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ValueError(f"found {value!r}, expected a finite number")
    return number


def _positive(value: object) -> float:
    if (number := _number(value)) <= 0:
        raise ValueError(f"found {number:g}, expected a number above 0")
    return number


def _range(value: object) -> tuple[float, float]:
    if not isinstance(value, list) or len(value) != 2:
        raise ValueError(f"found {value!r}, expected [least, greatest]; null where there is no end")
    low = -math.inf if value[0] is None else _number(value[0])
    high = math.inf if value[1] is None else _number(value[1])
    if low >= high:
        raise ValueError(f"found {value!r}, expected the least below the greatest")
    return low, high


def _diagonal(value: object) -> float | str:
    if isinstance(value, str) and value in ("table", "none"):
        return value
    try:
        return _number(value)
    except ValueError:
        raise ValueError(f"found {value!r}, expected a number, 'table' or 'none'") from None


def _names(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise ValueError(f"found {value!r}, expected a list of labels")
    names = []
    for item in value:
        if not isinstance(item, str) or not item.strip() or len(item) > 80:
            raise ValueError(f"found the label {item!r}, expected a text of 1 to 80 characters")
        names.append(item.strip())
    doubles = sorted({name for name in names if names.count(name) > 1})
    if doubles:
        raise ValueError(f"found {', '.join(doubles)} more than once")
    return tuple(names)


def _stderr(value: object) -> tuple[tuple[str, float], ...]:
    rules = []
    for status, number in _mapping(value):
        if status not in STATUSES:
            raise ValueError(f"found {status!r}, expected {' or '.join(STATUSES)}")
        if (error := _number(number)) < 0:
            raise ValueError(f"found {error:g} for {status}, expected a number of at least 0")
        rules.append((status, error))
    return tuple(rules)


def _texts(value: object) -> tuple[tuple[str, str], ...]:
    return tuple((key, _text(item)) for key, item in _mapping(value))


def _mapping(value: object) -> list[tuple[str, object]]:
    if not isinstance(value, dict):
        raise ValueError(f"found {value!r}, expected 'key: value' lines")
    return list(value.items())


_READERS: dict[str, Callable[[object], Any]] = {
    "kind": _one_of(*KINDS),
    "axis": _one_of("language", "domain"),
    "names": _names,
    "orientation": _orientation,
    "direction": _direction,
    "range": _range,
    "diagonal": _diagonal,
    "status": _one_of(*STATUSES),
    "stderr": _stderr,
    "rows": _one_of("source", "target"),
    "parameters": _positive,
    "tokens": _positive,
    "files": _texts,
    "extra": _texts,
}
