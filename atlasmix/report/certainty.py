"""The sentences under *How sure*: scores, tokens, law, and what other constants would change."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

from atlasmix.evidence.scores import COMPLETED, MEASURED, MISSING, OWN, PREDICTED
from atlasmix.languages.catalogue import name_of
from atlasmix.mixture.mixture import Mixture, SensitivityStep
from atlasmix.mixture.sensitivity import BY_BENCHMARKS
from atlasmix.mixture.sensitivity import DECAY as _DECAY
from atlasmix.mixture.sensitivity import PHI as _PHI
from atlasmix.problem.problem import MixProblem
from atlasmix.report.words import percent, tokens_text
from atlasmix.text import listed

DECAY: Final = _DECAY
EXPONENT: Final = _PHI
"""The constants that a step may vary, beside the worth of a provenance."""

_WORTH: Final = "worth of "
_MOST_CHANGES: Final = 6
_SAME_DECAY: Final = 0.01

_MOVED: Final = 0.2
"""Part by which the tokens read must change to be told."""

_LEAST_MOVE: Final = 0.01
"""A share that moves by less is not told."""

_DECIDES: Final = {
    DECAY: "λ, the decay of repeats, decides between repeating a language and adding a donor",
    EXPONENT: "φ, the capacity exponent, decides how much of the model a donor's tokens take",
}


def sure_sentences(
    problem: MixProblem, mixture: Mixture, steps: Sequence[SensitivityStep] = ()
) -> Iterator[str]:
    """What the answer rests on, and what each uncertain constant would change."""
    yield evidence_sentence(problem, mixture)
    yield calibration_sentence(problem)
    yield tokens_sentence(problem, mixture)
    yield from sensitivity_sentences(problem, steps)
    yield from law_sentences(problem)


def evidence_sentence(problem: MixProblem, mixture: Mixture) -> str:
    """How many of the scores behind the donors somebody measured."""
    said = evidence_kinds(problem, mixture)
    if not said:
        return f"No score of {problem.matrix.name} enters this mixture."
    name = f"{problem.matrix.name}, {problem.matrix.card.metric}"
    return f"Transfer weights behind this mixture ({name}): {', '.join(said)}."


def evidence_kinds(problem: MixProblem, mixture: Mixture) -> tuple[str, ...]:
    """How many scores behind the mixture are of each kind; empty where none enters it."""
    transfer = problem.transfer
    statuses = [
        str(transfer.status[transfer.index(source), transfer.index(effect.language)])
        for effect in mixture.targets
        for source in mixture.proportions
        if source != effect.language
    ]
    return tuple(
        f"{statuses.count(status)} {words}"
        for status, words in _KINDS.items()
        if statuses
        and (status in statuses or (status in (MEASURED, PREDICTED) and not transfer.is_completed))
    )


_KINDS: Final = {
    MEASURED: "measured by the study",
    OWN: "measured by you",
    PREDICTED: "predicted by the study",
    COMPLETED: "completed from relatedness",
    MISSING: "missing and taken as 0",
}


def calibration_sentence(problem: MixProblem) -> str:
    """Whose the map from score to transfer weight is; empty where the metric implies it."""
    name = problem.transfer.calibration
    if not name.startswith("affine:"):
        return ""
    return (
        f"Scores became transfer weights by your own map {name}, not by a measurement on this "
        "scale."
    )


def tokens_sentence(problem: MixProblem, mixture: Mixture) -> str:
    """How the unique tokens of the pools that are read were obtained."""
    obtained = [share.pool.obtained for share in mixture.read]
    how = [
        f"{obtained.count(word)} {word}{' from bytes' * (word == 'estimated')}"
        for word in ("counted", "estimated", "stated")
        if word in obtained
    ]
    many = "pool" if len(obtained) == 1 else "pools"
    return f"Unique tokens of {len(obtained)} {many} ({problem.inventory.name}): {listed(how)}."


def donors_change(steps: Sequence[SensitivityStep]) -> bool:
    """Whether other donors are read somewhere in the range of a constant: else a sentence does."""
    return len({frozenset(step.donors) for step in steps}) > 1


def steps_by_constant(
    steps: Sequence[SensitivityStep],
) -> dict[str, tuple[SensitivityStep, ...]]:
    """The steps of each constant that was varied, in the order in which they come."""
    by_constant: dict[str, tuple[SensitivityStep, ...]] = {}
    for step in steps:
        by_constant[step.constant] = (*by_constant.get(step.constant, ()), step)
    return by_constant


def sensitivity_sentences(problem: MixProblem, steps: Sequence[SensitivityStep]) -> Iterator[str]:
    """One sentence a constant: how the answer would change over the range it may have."""
    for constant, mine in steps_by_constant(steps).items():
        if constant.startswith(_WORTH):
            yield _worth_sentence(problem, constant.removeprefix(_WORTH), mine)
        else:
            yield _constant_sentence(problem, constant, mine)


def decay_sentence(problem: MixProblem, steps: Sequence[SensitivityStep]) -> str:
    """Whether the set of donors changes with λ, and where; empty where λ was not varied."""
    mine = steps_by_constant(steps).get(DECAY, ())
    return _constant_sentence(problem, DECAY, mine) if mine else ""


def law_sentences(problem: MixProblem) -> Iterator[str]:
    """What the law was fitted on, its φ, its λ, and what its losses can be compared with."""
    law = problem.law
    low, high = law.phi_range
    agrees = law.decay is None or abs(problem.decay / law.decay - 1) < _SAME_DECAY
    yield (
        f"Law {law.name}: {law.measured_on}. Losses are in {law.unit}; they compare mixtures of "
        "one target, not targets with each other."
    )
    yield (
        f"Its capacity exponent φ is {law.phi:.3g} for a typical language ({low:.3g} to "
        f"{high:.3g}); {_target_exponents(problem)}"
    )
    if not agrees:
        yield (
            f"λ = {law.decay:.3g} was fitted together with law {law.name}; this answer uses "
            f"{problem.decay:g}."
        )


def _target_exponents(problem: MixProblem) -> str:
    """The φ that the scores give the targets of this question."""
    transfer = problem.transfer
    phi = {key: float(transfer.phi[transfer.index(key)]) for key in problem.target_keys}
    if len(phi) == 1:
        (key,) = phi
        error = float(transfer.phi_stderr[transfer.index(key)])
        return (
            f"the scores of {problem.matrix.name} give {name_of(key)} {phi[key]:.2g} ±{error:.2g}."
        )
    least, most = min(phi, key=phi.__getitem__), max(phi, key=phi.__getitem__)
    if f"{phi[least]:.2g}" == f"{phi[most]:.2g}":
        return f"the scores of {problem.matrix.name} give each target {phi[most]:.2g}."
    return (
        f"the scores of {problem.matrix.name} give the targets {phi[least]:.2g} ({name_of(least)}) "
        f"to {phi[most]:.2g} ({name_of(most)})."
    )


def _constant_sentence(problem: MixProblem, constant: str, steps: Sequence[SensitivityStep]) -> str:
    """Over which part of its range one constant leaves donors, tokens and shares as they are."""
    low, high = steps[0].low, steps[-1].high
    used = problem.decay if constant == DECAY else problem.law.phi
    said = f"{_DECIDES.get(constant, constant)}. {used:.3g} is used; over {low:.2g} to {high:.2g} "
    alike = [list(same) for _, same in groupby(steps, key=lambda step: frozenset(step.donors))]
    said += f"{_sets(alike)}."
    return " ".join(filter(None, (said, _tokens_moved(constant, steps), _largest_move(alike))))


def _sets(alike: Sequence[Sequence[SensitivityStep]]) -> str:
    """The sets of donors in turn, each of one or more steps."""
    if len(alike) == 1:
        first = alike[0][0]
        return f"the donors stay {_donors(first)}" if first.donors else "no donor is read"
    parts = [f"{_donors(same[0])} up to {same[-1].high:.2g}" for same in alike[:_MOST_CHANGES]]
    if len(alike) <= _MOST_CHANGES:
        parts[-1] = _donors(alike[-1][0])
    more = len(alike) - _MOST_CHANGES
    left = f", and {more} more changes" if more > 0 else ""
    return f"the donors are {'; then '.join(parts)}{left}"


def _tokens_moved(constant: str, steps: Sequence[SensitivityStep]) -> str:
    """Where more or fewer tokens are read, by more than a fifth; empty where nowhere."""
    told = steps[0].tokens
    if told <= 0:
        return ""
    parts = []
    for step in steps[1:]:
        if abs(step.tokens / told - 1) > _MOVED:
            only = "only " if step.tokens < told else ""
            told = step.tokens
            parts.append(f"from {constant} = {step.low:.2g} on {only}{tokens_text(told)}")
    if not parts:
        return ""
    more = len(parts) - _MOST_CHANGES
    left = f", and {more} more changes" if more > 0 else ""
    first = f"At {steps[0].low:.2g} {tokens_text(steps[0].tokens)} are read"
    return f"{first}; {'; '.join(parts[:_MOST_CHANGES])}{left}."


def _largest_move(alike: Sequence[Sequence[SensitivityStep]]) -> str:
    """The share that moves most while the donors stay the same; empty below one part in 100."""
    moves = []
    for same in alike:
        for key in same[0].proportions:
            shares = [step.proportions.get(key, 0.0) for step in same]
            moves.append((max(shares) - min(shares), key, min(shares), max(shares)))
    most, key, low, high = max(moves, default=(0.0, "", 0.0, 0.0))
    if most < _LEAST_MOVE:
        return ""
    return (
        f"With the same donors shares move too, most that of {name_of(key)}: {percent(low)} to "
        f"{percent(high)}."
    )


def _worth_sentence(problem: MixProblem, provenance: str, steps: Sequence[SensitivityStep]) -> str:
    """The mixture at the lowest and the highest worth that a provenance may have."""
    first, last = steps[0], steps[-1]
    if provenance.endswith(BY_BENCHMARKS):
        return (
            f"If scores on benchmarks count and not loss on native text, a token of "
            f"{provenance.removesuffix(BY_BENCHMARKS)} text was worth {first.low:.2g} to "
            f"{last.low:.2g} (MultiSynt, arXiv 2607.00890; idiom and culture were better with "
            f"native text): it would be {percent(first.synthetic)} of what is read "
            f"({_shares(first)}) to {percent(last.synthetic)} ({_shares(last)})."
        )
    used = problem.worth.get(provenance, 0.0)
    said = (
        f"A token of {provenance.replace('_', ' ')} text is taken to be worth {used:.2g} of a "
        "human one, an assumption; "
    )
    return (
        f"{said}at {first.low:.2g} it would be {percent(first.synthetic)} of what is read "
        f"({_shares(first)}), at {max(last.low, last.high):.2g} {percent(last.synthetic)} "
        f"({_shares(last)})."
    )


def _shares(step: SensitivityStep) -> str:
    """The largest languages of a mixture."""
    parts = [f"{name_of(key)} {percent(share)}" for key, share in step.proportions.items()]
    return listed(parts, 3)


def _donors(step: SensitivityStep) -> str:
    return listed([name_of(key) for key in step.donors]) or "none"
