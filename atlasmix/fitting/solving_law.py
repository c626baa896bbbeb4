r"""A law learned from runs as the law of a solve: constants by target, τ by pair, their draws.

The mixing law of one set is E + A·(N/N₀)^-α·(μ + (1 - μ)m)^-φ + B·(ε + Σ τ·S/D₀)^-β where γ is 1.
In the terms of a solve that is E + A'·m^-φ/N^α + B'/D_eff^β with A' = A·N₀^α and B' = B·D₀^β. ε is
what any token is worth: τ' = (τ + ε)/(1 + ε), and B' counts in that unit, which is exact where no
text is read twice. With γ below 1 the data term is no function of one D_eff: no solve takes it.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Literal, cast

import numpy as np
from numpy.typing import NDArray

from atlasmix.errors import DataError, ProblemError
from atlasmix.evidence.card import Card
from atlasmix.evidence.overlay import Overlay, check_room, put_on
from atlasmix.evidence.scores import DEFINED, MISSING, OWN, ScoreTable
from atlasmix.evidence.shelf import LAWS, check_name, name_of_file
from atlasmix.evidence.transfer_matrix import TransferMatrix
from atlasmix.fitting.law_file import LAW_LIMIT, SavedLaw, drawn_laws, load_learned_law
from atlasmix.fitting.learning import MIXING, Learned, draw_laws
from atlasmix.fitting.mixing_draws import WEIGHT_OF
from atlasmix.fitting.mixing_law import NO_SHARE, MixingLaw
from atlasmix.io.files import read_file
from atlasmix.languages.language import SUBJECTS
from atlasmix.languages.resolving import resolve
from atlasmix.laws.kinds import LossLaw, TargetLaws
from atlasmix.laws.learned_curse import typical
from atlasmix.text import first_few, listed
from atlasmix.transfer.calibration import TRANSFER_WEIGHT

Array = NDArray[np.float64]

REFIT: Final = "learn it again with for_solve, which fits the form that a solve takes"

LAID_LIMIT: Final = 2 * 1024 * 1024
"""Most bytes of a law on an overlay: our choice, 60 languages with 24 draws, read in half a
second."""

LAID_SOURCES: Final = 400
"""Most sources of it: our choice, as many languages as a table there may have."""

_NO_LAW_NAME: Final = "scenarios.yaml"
"""What lies beside the laws in a file of scenarios."""

_NO_TARGET: Final = "has no set that is drawn from one of its sources, so none is a target"

_NO_TOKENS: Final = (
    "does not say how many tokens its runs read, so nothing tells what text a mixture leaves "
    "unread or reads twice"
)
_ADD_TOKENS: Final = "add a column tokens to the table of runs and learn it again"

_NOTHING: Final = 1e-9
"""ε below which it is none."""

_EVEN: Final = 1.0 - 1e-9
"""γ from which on a source tells as much of every token."""


def obstacle(law: object, repeats: bool) -> str:
    """Why no solve takes a law; empty where one does.

    Args:
        law: of any kind that is learned.
        repeats: whether the runs read text more than once, as far as they say.
    """
    if not isinstance(law, MixingLaw):
        return "is no mixing law: it knows neither own share nor effective data"
    held = law.own >= 0
    if not np.any(held):
        return _NO_TARGET
    if np.any(law.gamma[held] < _EVEN):
        return (
            "lets a source tell less as more of it is read (γ below 1), which a solve has no place "
            "for"
        )
    if repeats and np.any(law.background[held] > _NOTHING):
        return "has a worth of any token (ε) beside repeated text, which a solve has no place for"
    if law.scale.tokens <= 0:
        return _NO_TOKENS
    return ""


def remedy(fault: str) -> str:
    """What to do about an obstacle."""
    return _ADD_TOKENS if fault == _NO_TOKENS else REFIT


def refuse_runs(learned: Learned) -> None:
    """Refuse runs of which no law that a solve takes can be learned, in whatever form.

    Raises:
        ProblemError: says what the runs lack.
    """
    law = next(each.law for each in learned.judged if each.name == MIXING)
    assert isinstance(law, MixingLaw)
    name = "of these runs"
    if not np.any(law.own >= 0):
        raise ProblemError(f"law {name} {_NO_TARGET}", field="law")
    _targets(law, name)
    if law.scale.tokens <= 0:
        raise ProblemError(f"law {name} {_NO_TOKENS}", field="law", hint=_ADD_TOKENS)


def solving_draws(learned: Learned, draws: int, seed: int) -> tuple[MixingLaw, ...]:
    """Draws of the law, for its file; none of a law that no solve takes."""
    if not draws or obstacle(learned.law, learned.scale.repeats):
        return ()
    return cast(tuple[MixingLaw, ...], draw_laws(learned, draws, seed))


def read_solving_law(path: Path, name: str) -> TargetLaws:
    """The law of a file that ``learn`` saved.

    Args:
        path: the file.
        name: how the question names it.

    Raises:
        DataError: unreadable, or no learned law.
        ProblemError: a law that no solve takes; says which to learn.
    """
    content = read_file(path, LAW_LIMIT)
    return solving_law(load_learned_law(path), name, hashlib.sha256(content).hexdigest())


@lru_cache(maxsize=8)
def laid_law(content: bytes, name: str) -> TargetLaws:
    """The law of a file on an overlay; one object for the same file, the last few of them.

    Args:
        content: of the file.
        name: how the question names it.

    Raises:
        DataError: no learned law.
        ProblemError: a law that no solve takes; says which to learn.
    """
    saved = load_learned_law(content, f"law {name}")
    if len(saved.law.sources) > LAID_SOURCES:
        raise DataError(
            f"law {name} has {len(saved.law.sources):,} sources: expected at most {LAID_SOURCES}; "
            "ask larger ones on the command line"
        )
    return solving_law(saved, name, hashlib.sha256(content).hexdigest())


def lay_law(overlay: Overlay, content: bytes, file: str, name: str = "") -> tuple[Overlay, str]:
    """An overlay with one more law, if a solve takes it.

    Args:
        overlay: what lies there.
        content: of the file that ``learn`` saved, at most 2 MiB.
        file: what it was called.
        name: how the question will call it; empty takes that of the file. It ends in ``.yaml``, so
            that a recipe names the file as it can lie beside it.

    Returns:
        The new overlay and the name.

    Raises:
        DataError: no learned law, too large a one, a name that is taken, or a full overlay.
        ProblemError: a law that no solve takes; says which to learn.
    """
    check_room(overlay)
    if len(content) > LAID_LIMIT:
        raise DataError(
            f"law {file} has {len(content):,} bytes: expected at most {LAID_LIMIT:,}; learn it "
            "with fewer draws, or ask with the command line"
        )
    chosen = f"{(name or name_of_file(file)).removesuffix('.yaml')}.yaml"
    check_name(chosen, LAWS.word, but=_NO_LAW_NAME)
    laid_law(content, chosen)
    return put_on(overlay, LAWS, chosen, content, b""), chosen


def solving_law(saved: SavedLaw, name: str, sha256: str) -> TargetLaws:
    """A saved law as a solve takes it.

    Args:
        saved: as it was read.
        name: how the question names it.
        sha256: of its file.

    Raises:
        ProblemError: a law that no solve takes; says which to learn.
    """
    law = saved.law
    fault = obstacle(law, isinstance(law, MixingLaw) and law.scale.repeats)
    if fault:
        raise ProblemError(f"law {name} {fault}", field="law", hint=remedy(fault), value=name)
    assert isinstance(law, MixingLaw)
    axis, keys = keys_of(law.sources)
    rows = _targets(law, name)
    facts = _facts(saved, name)
    laws = drawn_laws(saved)
    try:
        each = [_law_of(law, row, keys, facts) for row in rows]
        draws = tuple(tuple(_law_of(drawn, row, keys, facts) for row in rows) for drawn in laws)
    except OverflowError:
        raise DataError(
            f"law {name} has a size or an exponent that no run has, and its constants cannot be "
            "counted from it: learn it again",
            field="law",
        ) from None
    weights = np.array([_worth(drawn)[rows].T for drawn in laws])
    card = _card(name, axis, keys, facts, len(draws))
    transfer = _matrix(law, rows, keys, weights, card)
    order = [keys.index(key) for key in transfer.keys]
    phis = np.array([[target.phi for target in drawn] for drawn in draws])
    middle = float(np.median([target.phi for target in each]))
    ends = (
        np.quantile(np.median(phis, axis=1), [0.05, 0.95], method="weibull")
        if draws
        else (middle, middle)
    )
    learned = saved.content["learned_from"]
    return TargetLaws(
        **_typical(each, law),
        **facts,
        name=name,
        phi=middle,
        phi_range=(min(float(ends[0]), middle), max(float(ends[1]), middle)),
        targets=tuple(each),
        draws=draws,
        transfer=transfer,
        weights=weights[:, order] if draws else None,
        file=name,
        sha256=sha256,
        runs=tuple(zip(learned["tables"], learned["sha256"], strict=True)),
        params=_within(law.scale.params, facts.get("fitted_params")),
        tokens=_within(law.scale.tokens, facts.get("fitted_tokens")),
        params_vary=law.scale.params_vary,
        tokens_vary=law.scale.tokens_vary,
    )


def _within(middle: float, ends: tuple[float, float] | None) -> float:
    """The middle of sizes, not off their ends by the rounding of a logarithm."""
    return middle if ends is None else min(max(middle, ends[0]), ends[1])


Axis = Literal["language", "domain"]


def keys_of(sources: Sequence[str]) -> tuple[Axis, list[str]]:
    """The axis and every source's key: languages, code and math, where all are; else names."""
    keys = []
    for source in sources:
        subject = source.strip().lower()
        try:
            keys.append(subject if subject in SUBJECTS else str(resolve(source)))
        except DataError:
            return "domain", list(sources)
    return ("language", keys) if len(set(keys)) == len(keys) else ("domain", list(sources))


def _targets(law: MixingLaw, name: str) -> list[int]:
    """Places of the sets that are drawn from one source each."""
    rows = [row for row in range(len(law.sets)) if law.own[row] >= 0]
    places = [int(law.own[row]) for row in rows]
    twice = [law.sources[place] for place in set(places) if places.count(place) > 1]
    if twice:
        sets = [law.sets[row] for row in rows if law.sources[law.own[row]] == twice[0]]
        raise ProblemError(
            f"law {name} has {len(sets)} losses of {twice[0]} ({first_few(sets, 4)}), and a target "
            "has one",
            field="law",
            hint="learn it again with the loss that counts, the others as sets without a source "
            "of their own (SET=)",
            value=name,
        )
    return rows


def _facts(saved: SavedLaw, name: str) -> dict[str, Any]:
    """What every target's law says of its runs."""
    content, law = saved.content, saved.law
    assert isinstance(law, MixingLaw)
    learned, scale = content["learned_from"], content["scale"]
    ranges = {
        f"fitted_{what}": (float(scale[f"{what}_range"][0]), float(scale[f"{what}_range"][1]))
        for what in ("params", "tokens")
        if scale.get(f"{what}_range")
    }
    return {
        "unit": saved.unit,
        "measured_on": f"{learned['runs']} runs of mixtures of {len(law.sources)} sources"
        + _assumed(content)
        + _hardly_told(content),
        "source": f"learned from {first_few(learned['tables'], 4)}",
        "note": content["words"],
        "decay": law.scale.decay or None,
        **ranges,
    }


def _assumed(content: Mapping[str, Any]) -> str:
    """What the runs could not tell, as a part of what the law was measured on."""
    if "assumed" not in content:
        return ""
    taken = content["assumed"]
    return f"; {listed(list(taken['constants']))} assumed, from law {taken['law']}"


def _hardly_told(content: Mapping[str, Any]) -> str:
    """What the runs leave nearly as open as it was, with the targets of which they do."""
    whose: dict[str, list[str]] = {}
    weights = 0
    for each in content["sets"]:
        for name in each.get("hardly_told", ()) if each["own"] else ():
            if name.startswith(WEIGHT_OF):
                weights += 1
            else:
                whose.setdefault(name, []).append(each["own"])
    named = [f"{name} ({first_few(keys, 3)})" for name, keys in whose.items()]
    named += [f"{weights} τ"] if weights else []
    return f"; hardly told by them: {listed(named)}" if named else ""


def _worth(law: MixingLaw) -> Array:
    """(K, S) τ in the unit of a token of the set's own, ε included."""
    unit = 1.0 + law.background
    return np.asarray((law.worth + law.background[:, None]) / unit[:, None])


def _law_of(law: MixingLaw, row: int, keys: Sequence[str], facts: Mapping[str, Any]) -> LossLaw:
    """The law of one target in parameters and tokens."""
    key, scale = keys[int(law.own[row])], law.scale
    alpha, beta = float(law.alpha[row]), float(law.beta[row])
    grown = alpha * math.log(scale.params) if scale.params_vary and alpha > 0 else 0.0
    unit = math.log(scale.tokens) - math.log1p(float(law.background[row]))
    held = law.capacity[row] > 0 and law.least[row] > 2 * NO_SHARE
    return LossLaw(
        name=f"{law.sets[row]}",
        E=float(law.floor[row]),
        A=float(law.capacity[row]) * math.exp(grown),
        alpha=alpha if scale.params_vary else 0.0,
        B=float(law.data[row]) * math.exp(beta * unit),
        beta=beta,
        language=key,
        phi=float(law.phi[row]) if law.capacity[row] > 0 else 0.0,
        phi_range=(0.0, 0.0),
        least=float(law.least[row]) if held else 0.0,
        **facts,
    )


def _typical(each: Sequence[LossLaw], law: MixingLaw) -> dict[str, Any]:
    return dict(typical(each, law.scale.params or 1.0, law.scale.tokens))


def _matrix(
    law: MixingLaw,
    rows: Sequence[int],
    keys: Sequence[str],
    drawn: Array,
    card: Card,
) -> TransferMatrix:
    """τ of every source for every target, called own, with the spread of the draws."""
    order = sorted(range(len(keys)), key=lambda place: keys[place])
    names = tuple(keys[place] for place in order)
    shape = (len(names), len(names))
    scores, stderr = np.full(shape, np.nan), np.full(shape, np.nan)
    status = np.full(shape, MISSING, dtype="<U9")
    worth = _worth(law)
    for column, row in enumerate(rows):
        target = names.index(keys[int(law.own[row])])
        scores[:, target] = worth[row, order]
        stderr[:, target] = drawn[:, order, column].std(axis=0) if len(drawn) else 0.0
        status[:, target] = OWN
    np.fill_diagonal(scores, 1.0)
    np.fill_diagonal(stderr, 0.0)
    np.fill_diagonal(status, DEFINED)
    table = ScoreTable(names, scores, stderr, status)
    return TransferMatrix.of_table(card.name, card, table)


def _card(name: str, axis: Axis, keys: Sequence[str], facts: Mapping[str, Any], draws: int) -> Card:
    return Card(
        name=name,
        kind="transfer matrix",
        title=f"Transfer weights of {name}",
        description="effective tokens of the target that a token of the source is worth",
        axis=axis,
        names=tuple(sorted(keys)) if axis == "domain" else (),
        metric=TRANSFER_WEIGHT,
        orientation="source to target",
        direction="higher is better",
        range=(0.0, math.inf),
        diagonal=1.0,
        status=OWN,
        rows="source",
        source=facts["source"],
        licence="own runs",
        derivation=f"{facts['measured_on']}; standard errors from {draws} draws of the law",
    )
