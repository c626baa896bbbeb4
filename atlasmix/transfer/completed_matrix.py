"""A matrix completed: own scores beside those of a study and a prior, or on their own scale."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from atlasmix.errors import AtlasMixError, DataError, ProblemError, about
from atlasmix.evidence.card import Card
from atlasmix.evidence.proxies import PROXIES_FILE, ProxyPair, proxies_csv
from atlasmix.evidence.scores import (
    DEFINED,
    MEASURED,
    MISSING,
    OWN,
    PREDICTED,
    SEEN,
    Floats,
    ScoreTable,
    Texts,
    empty_scores,
    label_reader,
    number,
    scores_csv,
)
from atlasmix.evidence.shelf import MATRICES, free_name, new_entry, put, shipped_names
from atlasmix.evidence.store import Store
from atlasmix.evidence.transfer_matrix import TransferMatrix
from atlasmix.evidence.trigrams import TRIGRAMS_FILE, Profile, profile_of_file, trigrams_csv
from atlasmix.io.tables import TABLE_LIMIT, read_file, read_rows, refuse
from atlasmix.languages.catalogue import name_of
from atlasmix.laws.shelf import DEFAULT_LAW, load_law
from atlasmix.text import first_few
from atlasmix.transfer.additive import AdditiveModel, Bools, differences, fit, foretellings
from atlasmix.transfer.bts import ATLAS_PARAMS, ATLAS_TOKENS, measured_at
from atlasmix.transfer.calibration import BTS, TRANSFER_WEIGHT
from atlasmix.transfer.completion import Places
from atlasmix.transfer.estimation import worth_of_proxies
from atlasmix.transfer.prior import DEFAULT_PRIOR
from atlasmix.transfer.proxy_evidence import LEAST_PAIRS as FEWEST
from atlasmix.transfer.proxy_evidence import LEAST_TARGETS
from atlasmix.transfer.proxy_matrix import COSINES, PROXY
from atlasmix.transfer.relatedness import FEATURES, relatedness

NO_STUDY: Final = "none"
"""In the place of a study: own scores alone."""

_OWN_SCORES, _STUDY = "own scores", "study beside them"
"""What a completed card says of its origins: name and hash."""

SAME_SIZE: Final = 0.05
"""Relative difference of N₀ or of d_mono up to which two studies are of one size. Our choice: "2B"
is 2.03 billion parameters, and the exponent of such a difference is far below a score's error."""

LEAST_PAIRS: Final = 4
"""Fewest measured pairs that a completion on their own scale is made from (our choice)."""

MOST_KEYS: Final = 1000
"""Most labels of one (our choice: a few minutes)."""


class PairFeatures(NamedTuple):
    """Features of pairs, and what they are in words.

    Attributes:
        values: (k, n, n), [source, target].
        said: "the six features of relatedness", say.
    """

    values: Floats
    said: str


class CompletedScores(NamedTuple):
    """What a completion makes: a card and its scores, a sentence about them, and proxies beside."""

    card: Card
    table: ScoreTable
    said: str
    proxies: tuple[ProxyPair, ...] = ()


class Addition(NamedTuple):
    """The name that a completed matrix has on the shelf, and a sentence about it."""

    name: str
    said: str


def add_completed(
    store: Store,
    matrix: str,
    study: str | None = None,
    name: str | None = None,
    features: str | Path | None = None,
    texts: Mapping[str, str | Path] | None = None,
) -> Addition:
    """Complete a matrix of a store and put what comes out into the user's store, in one step.

    BTS or transfer weights between languages keep their scores, and their card names the prior from
    which a model has a weight of every pair. Scores of any other matrix get a predicted score for
    every pair that has none, from an additive model on their own scale. Proxies of texts stay
    proxies: they stand beside the scores of a study, and bend what is believed of pairs that nobody
    measured, as far as they foretell those that somebody did.

    Args:
        store: where the matrix is, and where the completed one goes.
        matrix: name of the matrix.
        study: the BTS matrix whose scores stand beside one's own; ``none``: own scores and the
            prior alone; None: the default matrix for BTS between languages, else ``none``.
        name: of the new entry; None: that of the matrix and ``-completed``.
        features: CSV or Parquet of labels and numbers, for an additive model.
        texts: language key to a plain text of the user's own, whose trigrams then say how related
            the language is, in the place of the Universal Declaration of Human Rights.

    Raises:
        DataError: no such matrix, a name that is taken, or a fault of the table of features or of
            a text.
        ProblemError: study and matrix do not go together; ``field`` is what to change.
    """
    with about("matrix", matrix):
        own = store.matrix(matrix)
    place = store.user_place()
    chosen = free_name(place, MATRICES, name or f"{own.name}-completed")
    profiles = _profiles(own, texts or {})
    if own.card.axis == "language" and own.card.metric == PROXY:
        made = _informed(store, own, study, features, profiles)
        profiles = {}
    elif own.card.axis == "language" and own.card.metric in (BTS, TRANSFER_WEIGHT):
        made = _by_relatedness(store, own, study, features, profiles)
    else:
        if study not in (None, NO_STUDY):
            raise ProblemError(
                f"matrix '{own.name}' holds {own.card.metric} scores of {own.card.axis}s: another "
                "study stands beside BTS between languages alone",
                field="study",
                hint=f"leave it out, or say {NO_STUDY}",
                value=study,
            )
        with about("features", features):
            read = _features(own, features, profiles)
        made, profiles = on_own_scale(own, read), {}  # read once; no pair is left to complete
    what = f"completion of '{own.name}'"
    beside = {
        TRIGRAMS_FILE: trigrams_csv(profiles) if profiles else b"",
        PROXIES_FILE: proxies_csv(made.proxies) if made.proxies else b"",
    }
    card = dataclasses.replace(made.card, name=chosen)
    entry = new_entry(MATRICES, card, scores_csv(made.table), what, beside)
    put(place, MATRICES, chosen, entry)
    return Addition(chosen, made.said)


def _profiles(own: TransferMatrix, texts: Mapping[str, str | Path]) -> dict[str, Profile]:
    """Trigrams of the user's texts by key."""
    if not texts:
        return {}
    if own.card.axis != "language":
        raise ProblemError(
            f"matrix '{own.name}' is of {own.card.axis}s: trigrams say how related languages are",
            field="texts",
            hint="leave the texts out, or describe the labels in a table of features",
        )
    with about("texts", ", ".join(texts)):
        return {**own.texts, **{key: profile_of_file(path) for key, path in texts.items()}}


def _by_relatedness(
    store: Store,
    own: TransferMatrix,
    study: str | None,
    features: str | Path | None,
    profiles: Mapping[str, Profile],
) -> CompletedScores:
    made = _with_prior(store, own, study, features, profiles)
    unknown = sorted(set(profiles) - set(made.table.keys))
    if unknown:
        raise DataError(
            f"the completed matrix has no language {', '.join(unknown)}: a text says something of "
            f"the {len(made.table.keys):,} languages that it has, those of '{own.name}'"
            + ("" if study == NO_STUDY else f" and of '{study or MATRICES.default}'"),
            field="texts",
        )
    return with_texts(made, profiles) if profiles else made


def with_texts(made: CompletedScores, profiles: Mapping[str, Profile]) -> CompletedScores:
    """A completion whose card says which languages are related by a text of the user's own."""
    languages = first_few(tuple(name_of(key) for key in sorted(profiles)), 5)
    said = f"how related {languages} {'is' if len(profiles) == 1 else 'are'} was read off own texts"
    card = dataclasses.replace(
        made.card,
        evidence=f"{_sentence(made.card.evidence)}{said[0].upper()}{said[1:]}.",
        extra=(*made.card.extra, ("own texts of", ", ".join(sorted(profiles)))),
    )
    return CompletedScores(card, made.table, f"{made.said}; {said}" if made.said else said)


def _informed(
    store: Store,
    own: TransferMatrix,
    study: str | None,
    features: str | Path | None,
    profiles: Mapping[str, Profile],
) -> CompletedScores:
    """The scores of a study with the proxies of texts beside them."""
    whole = _measured_beside(store, own, study, features, profiles)
    proxies = _proxies(own)
    card = dataclasses.replace(whole.card, prior=whole.card.prior or DEFAULT_PRIOR)
    table = ScoreTable(whole.keys, whole.scores, whole.stderr, whole.status)
    worth = worth_of_proxies(
        dataclasses.replace(whole.part(()), card=card, proxies=proxies), load_law(DEFAULT_LAW)
    )
    if worth is None:
        raise ProblemError(
            f"'{whole.name}' has measured too few pairs of these texts to tell what a proxy is "
            f"worth: {FEWEST} of {LEAST_TARGETS} targets are needed",
            field="study",
            hint="measure texts of more languages that it has measured",
            value=whole.name,
        )
    unknown = sorted({key for each in proxies for key in each[:2]} - set(whole.keys))
    said = f"{len(proxies)} proxies beside the scores of {whole.name}. {worth.words}"
    if unknown:
        said += f"; it has no {first_few(unknown, 5)}, so theirs tell nothing"
    card = dataclasses.replace(
        card,
        title=f"{card.title}, with proxies of own texts",
        evidence=(
            f"{_sentence(card.evidence)}Proxies of own texts stand beside the scores, and are no "
            f"scores. {worth.words}."
        ),
        derivation=f"{_sentence(card.derivation)}Scores unchanged, and proxies of '{own.name}'.",
        extra=(
            *card.extra,
            ("proxies of texts", f"{own.name}, SHA-256 {own.sha256}"),
            ("what the proxies earned", f"{worth.words} (law {DEFAULT_LAW})."),
        ),
    )
    return CompletedScores(card, table, said, proxies)


def _measured_beside(
    store: Store,
    own: TransferMatrix,
    study: str | None,
    features: str | Path | None,
    profiles: Mapping[str, Profile],
) -> TransferMatrix:
    """The study whose measured pairs tell what proxies are worth."""
    if features is not None or profiles:
        raise ProblemError(
            f"matrix '{own.name}' holds proxies of texts, which stand beside the scores of a study "
            "as they are: no features and no further texts are read",
            field="features" if features is not None else "texts",
            hint="leave them out",
        )
    if study == NO_STUDY:
        raise ProblemError(
            f"matrix '{own.name}' holds proxies of texts: what they are worth is told by pairs "
            "that a study measured",
            field="study",
            hint=f"name one, as {MATRICES.default}",
            value=study,
        )
    with about("study", study):
        whole = store.matrix(study or MATRICES.default)
    if whole.card.axis != "language" or whole.card.metric != BTS:
        raise ProblemError(
            f"matrix '{whole.name}' holds {whole.card.metric} of {whole.card.axis}s: proxies of "
            "texts stand beside BTS between languages",
            field="study",
            value=whole.name,
        )
    return whole


def _proxies(own: TransferMatrix) -> tuple[ProxyPair, ...]:
    """Every measured proxy, with the cosine of trigrams where the card has it."""
    cosines: dict[tuple[str, str], float] = {}
    for written in dict(own.card.extra).get(COSINES, "").split(";"):
        match written.split():
            case [source, target, value] if number(value) is not None:
                cosines[source, target] = float(value)
    rows, columns = np.nonzero(_scored(own))
    return tuple(
        ProxyPair(
            own.keys[row],
            own.keys[column],
            float(own.scores[row, column]),
            float(own.stderr[row, column]),
            cosines.get((own.keys[row], own.keys[column]), math.nan),
        )
        for row, column in zip(rows.tolist(), columns.tolist(), strict=True)
    )


def _with_prior(
    store: Store,
    own: TransferMatrix,
    study: str | None,
    features: str | Path | None,
    profiles: Mapping[str, Profile],
) -> CompletedScores:
    if features is not None:
        raise ProblemError(
            f"matrix '{own.name}' holds {own.card.metric} of languages, which is completed from "
            "how related they are: no table of features is read",
            field="features",
            hint="leave it out",
            value=str(features),
        )
    if own.name in shipped_names(MATRICES):
        if not (profiles and own.card.prior and study in (None, NO_STUDY)):
            raise DataError(
                f"matrix '{own.name}' ships with AtlasMix, and {MATRICES.default} completes what "
                "ships already: complete a matrix of your own, or that one with texts of your own"
            )
        table = ScoreTable(own.keys, own.scores, own.stderr, own.status)
        return CompletedScores(own.card, table, "")
    if _STUDY in dict(own.card.extra):
        # What the study measured would pass for the user's from then on.
        raise DataError(
            f"matrix '{own.name}' is a completed one: complete the scores that it was made from"
        )
    weights = own.card.metric == TRANSFER_WEIGHT
    if weights and study not in (None, NO_STUDY):
        raise ProblemError(
            f"matrix '{own.name}' holds transfer weights, which are completed on their own scale: "
            f"scores of '{study}' are no weights and cannot stand beside them",
            field="study",
            hint=f"leave it out, or say {NO_STUDY}",
            value=study,
        )
    if weights or study == NO_STUDY:
        return beside(own, None)
    with about("study", study):
        return beside(own, store.matrix(study or MATRICES.default))


def beside(own: TransferMatrix, study: TransferMatrix | None) -> CompletedScores:
    """Own scores in the place of those of a study, on a card that names the prior.

    A pair that was measured by the user wins over whatever the study has of it; one that the user
    only predicts wins over a prediction, not over a measurement.

    Args:
        own: BTS or transfer weights between languages.
        study: a BTS matrix at the same N₀ and d_mono; None: none.

    Raises:
        ProblemError: they were not measured in the same metric or at the same size.
        DataError: no pair has a score of its own.
    """
    if study is not None:
        _refuse_unlike(own, study)
    mine, others = own.part(()), study.part(()) if study else None
    keys = tuple(sorted({*mine.keys, *(others.keys if others else ())}))
    table = empty_scores(keys, Card(diagonal="none"))
    if others:
        _write(table, others, others.status, _scored(others))
    status = np.where(np.isin(mine.status, SEEN), OWN, mine.status).astype("<U9")
    scored, there = _scored(mine), table.status[_places(table, mine)]
    wins = scored & ((status == OWN) | ~np.isin(there, SEEN))
    _write(table, mine, status, wins)
    counts = _Counts(
        own=int(np.sum(wins & (status == OWN))),
        predicted=int(np.sum(wins & (status == PREDICTED))),
        replaced=int(np.sum(wins & (there != MISSING))),
        left_out=int(np.sum(scored & ~wins)),
    )
    if not counts.own + counts.predicted:
        raise DataError(f"matrix '{own.name}' has no score of one language for another to complete")
    said = _count_words(counts, study)
    return CompletedScores(_card_beside(own, study, said), table, said)


def _scored(matrix: TransferMatrix) -> Bools:
    """(n, n): pairs of two languages with a score."""
    held = ~np.isin(matrix.status, (MISSING, DEFINED))
    return np.asarray(held & ~np.eye(len(matrix.keys), dtype=bool))


def _places(table: ScoreTable, matrix: TransferMatrix) -> tuple[Places, Places]:
    """Where the pairs of a matrix stand in a table of more keys."""
    at = np.searchsorted(table.keys, matrix.keys)
    return at[:, None], at[None, :]


def _write(table: ScoreTable, matrix: TransferMatrix, status: Texts, chosen: Bools) -> None:
    rows, columns = (np.broadcast_to(each, chosen.shape) for each in _places(table, matrix))
    to = rows[chosen], columns[chosen]
    table.scores[to] = matrix.scores[chosen]
    table.stderr[to] = matrix.stderr[chosen]
    table.status[to] = status[chosen]


def _refuse_unlike(own: TransferMatrix, study: TransferMatrix) -> None:
    hint = f"say {NO_STUDY} to complete from own scores and the prior alone"
    if study.card.metric != own.card.metric or study.card.axis != own.card.axis:
        raise ProblemError(
            f"matrix '{study.name}' holds {study.card.metric} of {study.card.axis}s and "
            f"'{own.name}' {own.card.metric} of {own.card.axis}s: they cannot stand beside "
            "each other",
            field="study",
            hint=hint,
            value=study.name,
        )
    sizes = [measured_at(each.card) for each in (own, study)]
    if not _of_one_size(*sizes):
        (params, tokens), (their, theirs) = sizes
        raise ProblemError(
            f"'{own.name}' was measured at {params:.4g} parameters and {tokens:.4g} tokens, "
            f"'{study.name}' at {their:.4g} and {theirs:.4g}: a BTS hangs on both, and scores at "
            "two sizes cannot share a table",
            field="study",
            hint=f"{hint}, or correct parameters and tokens on the card",
            value=study.name,
        )


def _of_one_size(mine: tuple[float, float], other: tuple[float, float]) -> bool:
    return all(abs(own / its - 1) <= SAME_SIZE for own, its in zip(mine, other, strict=True))


def is_of_the_default_size(card: Card) -> bool:
    """Whether BTS of this card may stand beside those of the default matrix."""
    return _of_one_size(measured_at(card), (ATLAS_PARAMS, ATLAS_TOKENS))


class _Counts(NamedTuple):
    """Pairs of the user's: own, predicted, those that took a place, those that found it taken."""

    own: int = 0
    predicted: int = 0
    replaced: int = 0
    left_out: int = 0


def _count_words(counts: _Counts, study: TransferMatrix | None) -> str:
    said = f"{counts.own:,} own pair{'s' * (counts.own != 1)}"
    if counts.predicted:
        said += f" and {counts.predicted:,} predicted"
    if study is not None:
        said += f" beside the scores of {study.name}"
    if counts.replaced:
        said += f", {counts.replaced:,} in the place of a score of it"
    if counts.left_out:
        said += (
            f"; {counts.left_out:,} only predicted where {study.name if study else ''} measured, "
        )
        said += "left out"
    return f"{said}; all other pairs are completed from relatedness"


def _card_beside(own: TransferMatrix, study: TransferMatrix | None, said: str) -> Card:
    mine = own.card
    rules = dict(mine.stderr)
    if MEASURED in rules:
        rules.setdefault(OWN, rules.pop(MEASURED))
    unstated = (
        " Its card does not say at which size it was measured: that of ATLAS is taken."
        if mine.metric == BTS and not (mine.parameters and mine.tokens)
        else ""
    )
    evidence = f"{_sentence(mine.evidence)}{said[0].upper()}{said[1:]}.{unstated}"
    origin = ((_OWN_SCORES, f"{own.name}, SHA-256 {own.sha256}"),)
    # A language's worth for itself is 1, whether a table says so or not.
    card = dataclasses.replace(
        mine,
        title=f"{mine.title}, completed",
        status="",
        stderr=tuple(rules.items()),
        evidence=evidence,
        prior=mine.prior or (study.card.prior if study else "") or DEFAULT_PRIOR,
        diagonal=1.0 if mine.range[0] <= 1.0 <= mine.range[1] else "none",
        derivation=f"{_sentence(mine.derivation)}Own scores unchanged, and a relatedness prior.",
        extra=(*(each for each in mine.extra if each[0] not in (_OWN_SCORES, _STUDY)), *origin),
    )
    if study is None:
        return card
    theirs = study.card
    return dataclasses.replace(
        card,
        title=f"{mine.title}, beside {study.name}",
        range=(min(mine.range[0], theirs.range[0]), max(mine.range[1], theirs.range[1])),
        diagonal=1.0,
        stderr=tuple({**dict(theirs.stderr), **rules}.items()),
        stderr_note=_both(mine.stderr_note, theirs.stderr_note, study.name),
        evidence=f"{evidence} Of {study.name}: {theirs.evidence}",
        parameters=theirs.parameters,
        tokens=theirs.tokens,
        source=_both(mine.source, theirs.source, study.name),
        citation=_both(mine.citation, theirs.citation, study.name),
        licence=_both(mine.licence, theirs.licence, study.name),
        licence_url=mine.licence_url or theirs.licence_url,
        derivation=(
            f"{_sentence(mine.derivation)}Own scores put in their place among those of "
            f"{study.name}, all unchanged; its relatedness prior."
        ),
        extra=(*card.extra, (_STUDY, f"{study.name}, SHA-256 {study.sha256}")),
    )


def _sentence(text: str) -> str:
    """A text that another sentence follows; nothing where there is none."""
    return f"{text.rstrip('. ')}. " if text else ""


def _both(own: str, other: str, name: str) -> str:
    """What each of two cards says of one thing."""
    said = ((f"own scores: {own}", own), (f"{name}: {other}", other))
    return "; ".join(words for words, text in said if text)


# -- on their own scale ------------------------------------------------------------------


def on_own_scale(matrix: TransferMatrix, features: PairFeatures | None = None) -> CompletedScores:
    """A predicted score for every pair that has none; what there is stays as it is.

    Args:
        matrix: any; its measured pairs are what is learned from.
        features: of its pairs.

    Raises:
        DataError: nothing is missing, too little is measured, or there are too many labels.
    """
    size, card = len(matrix.keys), matrix.card
    apart = ~np.eye(size, dtype=bool)
    seen = np.isin(matrix.status, SEEN) & apart
    missing = (matrix.status == MISSING) & apart
    count = int(seen.sum())
    if not missing.any():
        raise DataError(
            f"matrix '{matrix.name}' has a score of every pair: nothing is left to complete"
        )
    if count < LEAST_PAIRS:
        raise DataError(
            f"matrix '{matrix.name}' has {count} measured pairs: at least {LEAST_PAIRS} are needed "
            "to learn from; measure more"
        )
    if size > MOST_KEYS:
        raise DataError(
            f"matrix '{matrix.name}' has {size:,} {card.axis}s: at most {MOST_KEYS:,} are completed"
        )
    model = fit(matrix.scores, matrix.stderr, seen, features.values if features else None)
    low, high = card.range
    if card.metric == BTS:
        # The range ends at 2, where a weight is infinite: no guess goes past what was seen, or 1.
        high = max(1.0, float(matrix.scores[seen].max()))
    told = np.clip(model.scores, low, high)
    scores, stderr = (
        np.where(missing, _short(new), old)
        for new, old in ((told, matrix.scores), (model.stderr, matrix.stderr))
    )
    status = np.where(missing, PREDICTED, matrix.status).astype("<U9")
    using = features.said if features else "no features"
    said = (
        f"{int(missing.sum()):,} pairs predicted on the scale of {card.metric} from {count:,} "
        f"measured, with {using}"
    )
    written = dataclasses.replace(
        card,
        title=f"{card.title}, completed",
        status="",
        evidence=f"{_sentence(card.evidence)}{said}.",
        stderr_note=(
            f"{_sentence(card.stderr_note)}Pairs predicted by the additive model: of the true "
            "score, from the spread of donors, targets and pairs that the measured scores show."
        ),
        derivation=(
            f"{_sentence(card.derivation)}Scores of {matrix.name}, SHA-256 {matrix.sha256}, "
            "unchanged; missing pairs by an additive model of donors, targets and features."
        ),
        extra=(*card.extra, *_findings(model, matrix.scores)),
    )
    return CompletedScores(written, ScoreTable(matrix.keys, scores, stderr, status), said)


def _findings(model: AdditiveModel, scores: Floats) -> tuple[tuple[str, str], ...]:
    """What a card says of an additive model: its spreads, and how well it foretells."""
    told = "; ".join(
        f"{each.method} R2 {each.r2:.2f}, RMSE {each.rmse:.3g}, {each.coverage:.0%} inside"
        for each in foretellings(model, scores)
    )
    spreads = (
        f"Mean {model.mean:.3g}; standard deviation of donors {model.donor:.2g}, of targets "
        f"{model.target:.2g}, of a feature's slope {model.slope:.2g}, of a pair {model.pair:.2g}. "
        f"Standard errors are {model.widened:.2f} times those of the model, by how far pairs that "
        "were left out stray."
    )
    anew = "all else learned anew" if model.refitted else "the spreads those of all"
    return (
        ("additive model", spreads),
        (
            "how well it foretells",
            f"Each measured pair left out, {anew}: {told} (their 80 % interval).",
        ),
    )


def _short(values: Floats) -> Floats:
    """Rounded to six significant digits, which is more than any of them is known to."""
    return np.array([[float(f"{each:.6g}") for each in row] for row in values.tolist()])


def _features(
    matrix: TransferMatrix, table: str | Path | None, profiles: Mapping[str, Profile]
) -> PairFeatures | None:
    if table is not None:
        path = Path(table)
        names, columns = feature_columns(read_file(path, TABLE_LIMIT), path.name, matrix)
        return PairFeatures(differences(columns), f"{', '.join(names)} of {path.name}")
    if matrix.card.axis != "language":
        return None
    values = relatedness(matrix.keys, profiles).values
    return PairFeatures(values, f"the relatedness of languages ({', '.join(FEATURES)})")


def feature_columns(
    content: bytes, what: str, matrix: TransferMatrix
) -> tuple[tuple[str, ...], Floats]:
    """Names and numbers of a table of features: a row for each label, a column for each feature.

    Args:
        content: CSV or Parquet; the first column holds labels, all others numbers.
        what: how a message names the table.
        matrix: whose labels it describes; rows of other languages are read past.

    Returns:
        Names of the columns, and (n, k) numbers in the order of the keys of the matrix.

    Raises:
        DataError: with every fault in ``faults``.
    """
    rows = read_rows(content, f"table {what}")
    names = rows.header[1:]
    faults: list[str] = []
    if not names or len(set(names)) < len(names):
        faults.append("header: expected a column of labels, then columns of numbers, each once")
    read = label_reader(matrix.card)
    numbered: dict[str, Sequence[float]] = {}
    for at, row in zip(rows.numbers, rows.rows, strict=True):
        if len(row) != len(rows.header):
            faults.append(f"row {at}: {len(row)} cells, expected {len(rows.header)}")
            continue
        try:
            key = read(row[0])
        except AtlasMixError as error:
            faults.append(f"row {at}: {error}")
            continue
        numbers = [number(cell.strip()) for cell in row[1:]]
        wrong = [name for name, each in zip(names, numbers, strict=True) if each is None]
        if wrong:
            faults.append(f"row {at}: {', '.join(wrong)}: expected a finite number")
        if key in numbered:
            faults.append(f"row {at}: {key} stands twice; keep one")
        numbered[key] = [each or 0.0 for each in numbers]
    lacking = [key for key in matrix.keys if key not in numbered]
    if lacking and not faults:
        faults.append(f"no row of {first_few(lacking, 6)}: every label of the matrix needs one")
    refuse(rows.what, faults)
    return names, np.array([numbered[key] for key in matrix.keys], dtype=np.float64)
