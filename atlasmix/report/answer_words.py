"""The sentences over a report: the answer, what keeps it from being one, its effect, its proof."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from typing import Final

import numpy as np

from atlasmix.languages.catalogue import name_of
from atlasmix.mixture.caveats import short_run
from atlasmix.mixture.diff import Side, diff
from atlasmix.mixture.mixture import Caveat, Comparison, Mixture, Price, TargetEffect
from atlasmix.mixture.prediction import drift_value
from atlasmix.problem.baselines import baseline_title, is_of_targets, names
from atlasmix.problem.constraints import title_of
from atlasmix.problem.problem import DEFAULT_BOX, UNDER_DRAWS, MixProblem
from atlasmix.problem.steps import SEVERAL
from atlasmix.problem.worlds import floor_of, weighed
from atlasmix.quantities import at_most, format_quantity
from atlasmix.report.words import (
    HUMAN,
    LOSS_DECIMALS,
    TRACE,
    closed,
    loss_text,
    losses_apart,
    number_text,
    percent,
    range_text,
    tokens_text,
    written_by_machines,
)
from atlasmix.solver.engines import Engine
from atlasmix.solver.tokens import CRUMB
from atlasmix.text import and_more, first_few, listed

_SHARE_LIMITS: Final = frozenset({"min", "max", "keep"})
_SPENT: Final = 1e-6
"""Part of a budget below which it counts as spent."""

_LARGE: Final = 0.005
"""Share from which a headline names a donor: our choice; the table names every one."""

_NAMED: Final = 6
"""Languages that a headline names: our choice, two lines of it."""

_LITTLE: Final = 0.01
"""Part of the reducible loss by which a rule without evidence may be worse and still count as
nearly as good: our choice, twice the range in which shares are free."""

_ELSEWHERE: Final = 0.1
"""Part of the tokens that such a rule has elsewhere from which on one is told of it: our choice."""

_MOST_CAVEATS: Final = 5


def caveat_sentences(mixture: Mixture) -> tuple[str, ...]:
    """Why the answer is not one to act on as it stands, the most important first."""
    said = [closed(_caveat(mixture, caveat)) for caveat in mixture.caveats]
    more = len(said) - _MOST_CAVEATS
    if more > 0:
        return (*said[:_MOST_CAVEATS], f"And {more} more of this kind; the recipe lists them.")
    return tuple(said)


def origin_sentences(mixture: Mixture) -> tuple[str, ...]:
    """Who wrote what is read, and how far the word of an inventory for it goes."""
    pools = [share.pool for share in mixture.read]
    kinds = sorted({pool.provenance for pool in pools})
    said = []
    if len(kinds) == 1:
        said.append(f"All of it is called {kinds[0].replace('_', '-')} by its inventory.")
    if any(pool.provenance == "human" and pool.kind == "web" for pool in pools):
        said.append(
            "Web text called human is text as it was crawled and cleaned: nobody has verified that "
            "each document was written by a person, and an unknown share is machine translation."
        )
    return tuple(said)


def _caveat(mixture: Mixture, caveat: Caveat) -> str:
    """A caveat; that of a run cut short names its limits, and leaves the reason to the headline."""
    if caveat.kind not in ("shrunk", "unspent"):
        return caveat.sentence
    limits = [f"'{limit.title}'" for limit in mixture.stopped_by]
    return short_run(mixture, f"{listed(limits)} {_were(limits)}")


def _were(words: list[str]) -> str:
    return "was" if len(words) == 1 else "were"


def headline(mixture: Mixture) -> str:
    """The answer in one sentence, and why tokens stay unspent where they do."""
    shares = mixture.proportions
    targets = {effect.language for effect in mixture.targets}
    told = [key for key, share in shares.items() if share >= TRACE]
    large = [key for key in told if shares[key] >= _LARGE or key in targets]
    if len(shares) - len(large) < 2:
        large = told
    parts = [f"{percent(shares[key])} {_language(mixture, key)}" for key in large[:_NAMED]]
    left = len(shares) - len(parts)
    languages = f"{', '.join(parts)}{and_more(left)}" if left else listed(parts)
    said = f"Read {tokens_text(mixture.tokens)}: {languages}."
    if mixture.unspent <= _SPENT * mixture.budget:
        return said
    said += f" Leave {format_quantity(mixture.unspent)} of the budget unspent"
    why = mixture.stopped.rstrip(".")
    return f"{said}: {why}." if why else f"{said}."


def _language(mixture: Mixture, key: str) -> str:
    """A language by name, and how much of what is read of it people did not write."""
    tokens: defaultdict[str, float] = defaultdict(float)
    for share in mixture.read:
        if share.pool.language == key:
            tokens[share.pool.provenance] += share.tokens
    machines = written_by_machines(tokens)
    return f"{name_of(key)} ({machines})" if machines else name_of(key)


def effect_sentence(problem: MixProblem, mixture: Mixture) -> str:
    """What the answer is predicted to give: for one target in full, else the range."""
    if len(mixture.targets) > 1:
        return _several(mixture)
    interval = loss_intervals(mixture)
    effect = mixture.targets[0]
    name = name_of(effect.language)
    part = percent(effect.transfer_share) if effect.transferred > 0 else "none"
    said = (
        f"Predicted: {format_quantity(effect.effective_data)} effective {name} tokens, {part} of "
        f"them from donors; {_loss_parts(problem, effect, interval.get(effect.language))}"
    )
    return said if mixture.donors else f"{said} {_no_donor(problem, mixture, name)}"


def loss_intervals(mixture: Mixture) -> dict[str, tuple[float, float]]:
    """Where the loss of each target lies in 90 of 100 draws; empty where none were made."""
    sure = mixture.uncertainty
    return {} if sure is None else {e.language: (e.loss.low, e.loss.high) for e in sure.losses}


def _loss_parts(
    problem: MixProblem, effect: TargetEffect, interval: tuple[float, float] | None
) -> str:
    """A target's loss, and what of it is capacity and what is data."""
    if not math.isfinite(effect.loss):
        return (
            "no loss can be predicted, for the model reads no text in the language itself (the "
            f"part that data decide: {_part(effect.data_loss)})."
        )
    return (
        f"loss {loss_text(effect.loss, interval)}, of which capacity is "
        f"{_part(effect.capacity_loss)} (own share {percent(effect.own_share)}), data "
        f"{_part(effect.data_loss)}, and the rest, {_part(problem.law.of(effect.language).E)}, "
        "is beyond both."
    )


def _several(mixture: Mixture) -> str:
    served = [effect for effect in mixture.targets if math.isfinite(effect.loss)]
    none = [name_of(effect.language) for effect in mixture.targets if effect not in served]
    said = f"Predicted for {len(mixture.targets)} targets"
    if len(served) > 1:
        least, most = min(served, key=loss_ratio), max(served, key=loss_ratio)
        data = [effect.effective_data for effect in served]
        said += (
            f": {format_quantity(min(data))} to {format_quantity(max(data))} effective tokens; "
            f"{_losses(least, most)} as the only target."
        )
    elif served:
        (effect,) = served
        said += (
            f": {name_of(effect.language)} gets {format_quantity(effect.effective_data)} effective "
            f"tokens and a loss of {losses_apart(effect.loss, effect.loss_alone, ', alone ')}."
        )
    else:
        said += "."
    if none:
        said += f" No loss can be predicted for {listed(none)}: no text of its own is read."
    return said


def _losses(least: TargetEffect, most: TargetEffect) -> str:
    """The range of losses against those alone, which donors less that charge were chosen for.

    A loss below that is said to be no worse: to be better than the best alone is no gain of sharing
    but the charge (:func:`better_than_alone_sentence`).
    """
    if not _worse(most):
        return "no loss is worse than what each could have"
    return (
        f"losses {_above(least)} ({name_of(least.language)}) to {_above(most)} "
        f"({name_of(most.language)}: {losses_apart(most.loss, most.loss_alone, ', alone ')}) "
        "against what each could have"
    )


def _no_donor(problem: MixProblem, mixture: Mixture, name: str) -> str:
    """Why nothing is read but the target's own pools."""
    if problem.max_donors == 0:
        return "Donors were ruled out (at most 0)."
    if not problem.donor_keys:
        return "The question has no pool of another language."
    binding = [price.limit for price in mixture.prices if price.kind in _SHARE_LIMITS]
    if binding:
        limit = title_of(binding[0], problem.limits)
        return f"Its limits leave no room for a donor ('{limit}')."
    most = max((share.epochs for share in mixture.read), default=0.0)
    human = all(share.pool.provenance in HUMAN for share in mixture.read)
    own, s = ("text", "s") if human else ("pools", "")
    if most <= 1:
        return f"Its own {own} suffice{s}: a donor would take more capacity than its text is worth."
    if mixture.unspent <= _SPENT * mixture.budget:
        return (
            f"Its own {own}, read up to {most:.3g} times, fill{s} the budget: a donor would take "
            "more capacity than its text is worth beside a repeat."
        )
    return f"No donor is worth the capacity that it would take from {name}."


def gap_text(gap: float, part: str = "one part") -> str:
    """How far from the best possible an answer is, at most.

    >>> gap_text(5e-10), gap_text(9e-7, "1"), gap_text(0.00123)
    ('one part in a billion', '1 in a million', '0.123%')
    """
    shown = at_most(gap)
    if shown <= 1e-6:
        return f"{part} in a {'billion' if shown <= 1e-9 else 'million'}"
    return f"{100 * shown:.3g}%"  # a bound: its last zero says nothing


def proof_sentence(mixture: Mixture) -> str:
    """How good the answer is proved to be, at this many tokens and over all numbers of them.

    "Certified" is said only of an answer without a caveat whose proof is as sharp as is asked. Of
    an answer that stays near a reference a second sentence says how near, of one without crumbs
    what they would give.
    """
    proof = mixture.certificate
    if proof.engine is Engine.GIVEN:
        return "This mixture was given, not optimised."
    here, everywhere = gap_text(proof.fixed_gap), gap_text(proof.gap)
    if mixture.caveats:
        first = f"Proved {'optimal' if proof.exact else 'so far'} under the law, but see above"
    else:
        first = "Certified" if proof.exact else "Not certified, but proved so far"
    beaten = f"no mixture within these limits is better by more than {everywhere}"
    if here == everywhere:
        return f"{first}: {beaten} of the reducible loss.{_given_sentence(mixture)}"
    return (
        f"{first}: {beaten} of the reducible loss, whatever number of tokens it reads, and none "
        f"that reads as many by more than {here}.{_given_sentence(mixture)}"
    )


def _given_sentence(mixture: Mixture) -> str:
    """What an answer that is not the very best one gives away, and for what."""
    near, crumbs = mixture.left_alone, mixture.crumbs
    if crumbs is not None:
        names, worth = [name_of(key) for key in crumbs.languages], gap_text(crumbs.worth)
        of_which = f"of which the best mixture reads less than {100 * CRUMB:g}%"
        if len(names) == 1:
            return f" {names[0]}, {of_which}, is left out; it would give {worth} of that loss."
        return (
            f" {len(names)} donors {of_which} each are left out ({first_few(names, 3)}); together "
            f"they would give {worth} of that loss."
        )
    if near is None:
        return ""
    same = len(near.same)
    have = {0: "No language has", 1: "1 language has"}.get(same, f"{same} languages have")
    here, free = percent(near.moved), percent(near.moved_best)
    return (
        f" Of the mixtures at most {100 * near.within:g}% of the reducible loss worse than the "
        f"best, this one moves least from {baseline_title(near.reference)}: {here} of the tokens "
        f"lie elsewhere than there, of the best one's {free}. {have} its very share. How far each "
        "share may move is told of the best one."
    )


def rule_beside(
    problem: MixProblem, mixture: Mixture, comparisons: Iterable[Comparison]
) -> tuple[Comparison, float] | None:
    """The best rule over the targets that keeps the limits, and how much worse it is.

    In parts of the reducible loss. None where there is none, or where the objective is not one
    that parts of a loss are told of.
    """
    kept = [each for each in comparisons if each.within_limits and is_of_targets(each.name)]
    rule = min(kept, key=lambda each: each.value, default=None)
    reducible = mixture.certificate.value - floor_of(problem)
    known = problem.objective not in ("worst", "regret") and mixture.left_alone is None
    if rule is None or not known or not reducible > 0:
        return None
    part = (rule.value - mixture.certificate.value) / reducible
    return (rule, max(part, 0.0)) if math.isfinite(part) else None


def flat_sentence(problem: MixProblem, mixture: Mixture, comparisons: Iterable[Comparison]) -> str:
    """That a rule which needs no evidence is nearly as good, and elsewhere; empty where none is.

    Who reads the first lines alone would else prepare the tokens of an optimum that hardly
    anything hangs on.
    """
    beside = rule_beside(problem, mixture, comparisons)
    if beside is None or len(mixture.targets) < SEVERAL or problem.near is not None:
        return ""
    rule, part = beside
    theirs, ours = (
        Side("", each.tokens, tuple(each.proportions.items())) for each in (rule, mixture)
    )
    apart = diff(theirs, ours)
    if part > _LITTLE or apart.distance < _ELSEWHERE:
        return ""
    largest = max(apart.languages, key=lambda move: (move.change, move.name))
    free = next((each for each in mixture.flatness if each.language == largest.language), None)
    may_be = f"; it may be {range_text(free.low, free.high)}" if free else ""
    name = next(name for name in names() if baseline_title(name) == rule.name)
    return (
        f"Little hangs on these shares: {rule.name}, which needs no evidence on transfer, is "
        f"{percent(part)} of the reducible loss worse and has {percent(apart.distance)} of the "
        f"tokens elsewhere ({name_of(largest.language)} at {percent(largest.before)}{may_be}). "
        f"Where that rule is what you have, stay near it (near: {name})."
    )


def penalty_sentence(problem: MixProblem, mixture: Mixture) -> str:
    """What risk aversion took off; empty where nothing."""
    taken = sum(effect.risk_penalty for effect in mixture.targets)
    if taken <= 0:
        return ""
    return (
        f"In choosing, {format_quantity(taken)} effective tokens of donors were not counted on, "
        f"for the scores' standard errors ({charge_words(problem)}); the figures above count them."
    )


def charge_words(problem: MixProblem) -> str:
    """What doubt takes off a donor: by κ, by the box, or by the box of a few of them."""
    level = f"{100 * (DEFAULT_BOX if problem.box is None else problem.box):g}%"
    if problem.wrong_scores is not None:
        several = "" if problem.wrong_scores == 1 else "s"
        return (
            f"those {problem.wrong_scores} donor{several} of each target count with the lower end "
            f"of their {level} interval whose being wrong would harm this mixture most"
        )
    if problem.box is not None:
        return f"a donor counts with the lower end of its {level} interval"
    return (
        f"risk aversion κ = {problem.risk_aversion:g}: a donor counts with τ less κ standard "
        "errors, never below 0"
    )


def objective_sentence(problem: MixProblem) -> str:
    """That the mixture was chosen over draws, and over which; empty where it was not."""
    if problem.objective not in UNDER_DRAWS:
        return ""
    over = "over"
    if problem.objective == "cautious":
        over = f"in the worst {100 * problem.tail:g}% of"
    return (
        f"Chosen by its mean loss {over} {weighed(problem).count} draws of what the scores leave "
        "open: other ones than those in which intervals and regret are told. No donor is charged "
        "for doubt besides."
    )


def drift_sentence(problem: MixProblem, mixture: Mixture) -> str:
    """What the drift penalty takes of the objective; empty where the question has none."""
    if not problem.drift_penalty:
        return ""
    tokens = np.array([share.tokens for share in mixture.pools])
    taken = drift_value(problem, tokens)
    weight, amplified = problem.drift_penalty, taken / problem.drift_penalty
    return (
        f"The objective holds a drift penalty of {weight:g} a unit of excess error "
        f"amplification, and this mixture has {number_text(amplified, 3)} of it over the budget: "
        f"{number_text(taken, 3)} beside the losses above, which are without it. The weight is "
        "one of yours: nobody has measured what machine text costs a later model."
    )


def better_than_alone_sentence(mixture: Mixture) -> str:
    """How a target can fare better beside others than alone; empty where none does."""
    better = [
        name_of(effect.language)
        for effect in mixture.targets
        if effect.loss < effect.loss_alone * (1 - _SPENT)
    ]
    if not better or len(mixture.targets) == 1:
        return ""
    return (
        f"{listed(better, 3)}: better here than alone, for alone it would choose with donors less "
        "that charge, and would read fewer of them."
    )


def price_words(problem: MixProblem, price: Price) -> str:
    """A loosening as a person would name it."""
    if price.kind == "budget":
        return f"{price.change} of budget"
    if price.kind == "unique":
        return f"{price.change} of {name_of(price.subject)}"
    return f"{price.change} on '{title_of(price.limit, problem.limits)}'"


def _part(loss: float) -> str:
    return f"{loss:.{LOSS_DECIMALS}f}" if math.isfinite(loss) else "without end"


def _above(effect: TargetEffect) -> str:
    """How far a loss lies above that of the target alone: ``+1.2%``, ``no worse``."""
    if not _worse(effect):
        return "no worse"
    more = 100 * (loss_ratio(effect) - 1)
    return f"{more:+.1f}%" if more >= 0.05 else f"{number_text(more, 1, signed=True)}%"


def _worse(effect: TargetEffect) -> bool:
    """Whether a loss lies above that of the target alone, by more than a solver's last digits."""
    return loss_ratio(effect) > 1 + _SPENT


def loss_ratio(effect: TargetEffect) -> float:
    """A loss over that of the target alone; infinite where either is."""
    if not (math.isfinite(effect.loss) and math.isfinite(effect.loss_alone)):
        return math.inf
    return effect.loss / effect.loss_alone
