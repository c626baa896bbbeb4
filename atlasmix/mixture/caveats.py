"""What keeps an answer from being called certified: an optimum nobody could train on is none.

The proof holds for the law as it is. Where the law is asked for what it cannot say, or a limit was
met in a way that its author did not mean, that is said before the proof.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from atlasmix.errors import DataError, Infeasible
from atlasmix.evidence.scores import SEEN
from atlasmix.languages.catalogue import language, name_of
from atlasmix.laws.kinds import FAR
from atlasmix.laws.saturation import saturate
from atlasmix.mixture.mixture import Caveat, Mixture, TargetEffect
from atlasmix.problem.constraints import KeepTokens, Limit, ShareLimit, idle_limits
from atlasmix.problem.phases import is_crammed
from atlasmix.problem.problem import REPHRASED_MOST, WORTH_RANGE, MixProblem
from atlasmix.quantities import format_quantity, percent_above
from atlasmix.solver.collisions import collisions, reach
from atlasmix.solver.compile import (
    distinct_tokens,
    epoch_limits,
    same_language,
    source_tokens,
)
from atlasmix.solver.engines import Engine
from atlasmix.solver.optimise import Solved, optimise_problem
from atlasmix.solver.patience import expired
from atlasmix.text import first_few


@dataclass(frozen=True, slots=True)
class Stranger:
    """A donor without family or script in common with the target it is read for."""

    donor: str
    target: str
    share: float

    @property
    def words(self) -> str:
        """``Mandarin Chinese for Welsh``."""
        return f"{name_of(self.donor)} for {name_of(self.target)}"


def strangers(problem: MixProblem, mixture: Mixture) -> tuple[Stranger, ...]:
    """All of them, largest share first; not those that a limit of the user's own asks for."""
    stated = [
        limit.selection
        for limit in problem.limits
        if isinstance(limit, KeepTokens) or (isinstance(limit, ShareLimit) and limit.bound == "min")
    ]
    wanted = {
        pool.language
        for pool in problem.pools
        if any(selection.matches(pool) for selection in stated)
    }
    transfer, listed = problem.transfer, []
    for donor in mixture.donors:
        if donor in wanted or donor not in transfer.keys:
            continue
        at = transfer.index(donor)

        def worth(effect: TargetEffect, at: int = at) -> float:
            """What the donor's next token takes off this target's loss, but for a constant."""
            tau = float(transfer.weights[at, transfer.index(effect.language)])
            data = effect.data_loss / effect.effective_data if effect.effective_data > 0 else 0.0
            return effect.weight * tau * (data if math.isfinite(data) else 0.0)

        target = max(mixture.targets, key=worth).language
        status = transfer.status[at, transfer.index(target)]
        if status not in SEEN and not related(donor, target):
            listed.append(Stranger(donor, target, mixture.proportions[donor]))
    return tuple(listed)


def related(key: str, other: str) -> bool:
    """Whether two languages share a family or a script; labels of a domain are not judged.

    >>> related("cat", "spa"), related("cmn", "cym")
    (True, False)
    """
    try:
        first, second = language(key), language(other)
    except DataError:
        return True
    same_script = (key.partition("_")[2] or first.script) == (
        other.partition("_")[2] or second.script
    )
    return first.family == second.family or same_script


_EXCESS: Final = 6.3
"""Parameters over what the tokens would be given, above which more add little: 1 + R_N* of
Muennighoff et al. 2023 (arXiv 2305.16264), as for epochs and R_D*."""

_MUCH: Final = 0.05
"""Share of unlikely donors from which on an answer is not called certified: our choice."""

LEAST_OWN: Final = 0.02
"""Share of the tokens in the targets' own languages below which the law was held against nothing:
1/50, that of each language in ATLAS's largest mixtures (arXiv 2510.22037, Table B.5)."""

_HALF: Final = 0.5
_SAME: Final = 1e-6


def why_stopped(
    problem: MixProblem, solved: Solved, mixture: Mixture
) -> tuple[str, tuple[Limit, ...]]:
    """Why not all of the budget is read, and the question's own limits that keep it so.

    Returns:
        The reason, empty where all of it is read; the limits, empty where something else ends it.
    """
    if mixture.unspent <= _SAME * problem.budget:
        return "", ()
    compiled = solved.compiled
    ends = reach(compiled.at(mixture.tokens * 1.001, problem.params).program)
    if ends is not None and ends[1] >= 1.0 - _SAME:
        if problem.limits and any(math.isfinite(level) for level in compiled.program.level):
            said = "with more tokens a guardrail could not hold, or the targets would fare worse"
            return said, ()
        starved = _held(problem, mixture)
        whose = f" of {_few(starved)}" if starved else ""
        said = (
            f"more tokens of other languages would take more capacity{whose} than they give in data"
        )
        return said, ()
    program = compiled.at(mixture.tokens * 1.01, problem.params).program
    names: tuple[str, ...] = ()
    if program.rows.names and float(np.minimum(program.upper, 1.0).sum()) >= 1.0:
        names, _ = collisions(program, exact=True)
    limits = tuple(limit for limit in problem.limits if limit.name in names)
    if limits:
        told = " and ".join(f"'{limit.title}'" for limit in limits)
        said = (
            f"{told} under the epoch cap of {problem.max_epochs:g} leaves no more "
            "to read: the share could not be kept in a longer run"
        )
        return said, limits
    return f"the pools hold no more within the epoch cap of {problem.max_epochs:g}", ()


def _held(problem: MixProblem, mixture: Mixture) -> list[str]:
    """Targets whose own text is read up to its cap: they pay for what else is read."""
    caps, languages = epoch_limits(problem), []
    for effect in sorted(mixture.targets, key=lambda effect: effect.own_share):
        own = [
            share.epochs >= 0.99 * cap  # the search over tokens ends within a tolerance
            for share, cap in zip(mixture.pools, caps, strict=True)
            if same_language(effect.language, share.pool.language) and share.pool.unique_tokens > 0
        ]
        if own and all(own):
            languages.append(effect.language)
    return languages


def _few(keys: list[str]) -> str:
    return first_few([name_of(key) for key in keys], 3)


def caveats(problem: MixProblem, solved: Solved, mixture: Mixture) -> tuple[Caveat, ...]:
    """Every reason not to call this answer certified, most important first."""
    told: list[Caveat] = []
    heard = dict(zip(solved.compiled.rows_of, solved.compiled.program.heard, strict=True))
    mute = [effect.language for effect in mixture.targets if not heard[effect.language]]
    if mute:
        told.append(
            Caveat(
                "no text",
                f"{_few(mute)} {'has' if len(mute) == 1 else 'have'} no text of "
                f"{'its' if len(mute) == 1 else 'their'} own to read here, and the law knows no "
                "model that has never read a language: only the data that donors give was weighed; "
                "add its text, or another provenance of it",
            )
        )
    lost = [
        effect.language
        for effect in mixture.targets
        if heard[effect.language] and not math.isfinite(effect.loss)
    ]
    if lost:
        told.append(Caveat("no loss", f"the predicted loss of {_few(lost)} is without bound"))
    told += _shrunk(problem, mixture)
    told += _drowned(mixture, mute)
    told += _borrowed(problem, mixture)
    told += _assumed(problem, mixture)
    told += _far(problem, mixture)
    told += _excess(problem)
    return tuple(told)


def _shrunk(problem: MixProblem, mixture: Mixture) -> list[Caveat]:
    if not mixture.stopped:
        return []
    said = f"{short_run(mixture)}: {mixture.stopped}"
    if mixture.stopped_by:
        return [Caveat("shrunk", said)]
    return [Caveat("unspent", said)] if mixture.unspent > _HALF * problem.budget else []


def short_run(mixture: Mixture, met: str = "a limit was") -> str:
    """What a run does that ends before its budget, without the reason.

    Args:
        mixture: the answer; it has a reason to have stopped.
        met: the limits that stopped it, with their verb.
    """
    read, budget = format_quantity(mixture.tokens), format_quantity(mixture.budget)
    if mixture.stopped_by:
        return f"{met} met by shrinking the run from {budget} to {read}"
    return f"{read} of {budget} tokens are read"


def _far(problem: MixProblem, mixture: Mixture) -> list[Caveat]:
    """Sizes further than tenfold from the runs behind the law."""
    law, told = problem.law, []
    for what, value, ends in (
        ("parameters", problem.params, law.fitted_params),
        ("tokens", mixture.tokens, law.fitted_tokens),
    ):
        if ends is None or ends[0] / FAR <= value <= ends[1] * FAR:
            continue
        least, most = map(format_quantity, ends)
        times = value / ends[1] if value > ends[1] else ends[0] / value
        told.append(
            Caveat(
                "size",
                f"{format_quantity(value)} {what} lie {format_quantity(times, 2)} times beyond the "
                f"runs behind law {law.name} ({least} to {most}): what it predicts there nobody "
                "has seen",
            )
        )
    return told


def own_share(mixture: Mixture) -> float:
    """Share of the tokens in any target's own language, all scripts of it."""
    targets = [effect.language for effect in mixture.targets]
    return sum(
        share.proportion
        for share in mixture.pools
        if any(same_language(target, share.pool.language) for target in targets)
    )


def _drowned(mixture: Mixture, mute: Sequence[str]) -> list[Caveat]:
    """Nearly all that is read is donors: a model of theirs, with a little of the target."""
    own = own_share(mixture)
    if own >= LEAST_OWN or len(mute) == len(mixture.targets):
        return []
    named = _few([effect.language for effect in mixture.targets if effect.language not in mute])
    part = f"{100 * own:.2g}%" if own >= 1e-4 else "less than 0.01%"
    donor = max(mixture.donors, key=lambda key: mixture.proportions[key])
    return [
        Caveat(
            "drowned",
            f"{part} of the tokens are {named}, and the law was never held against less than "
            f"{100 * LEAST_OWN:g}% of a model's text: what comes out is a model of "
            f"{name_of(donor)}; read fewer tokens, start from a checkpoint that knows "
            f"{name_of(donor)}, or add text",
        )
    ]


def _borrowed(problem: MixProblem, mixture: Mixture) -> list[Caveat]:
    """Much of the mixture is donors that only a prediction speaks for."""
    borrowed = strangers(problem, mixture)
    total = sum(each.share for each in borrowed)
    if total <= _MUCH:
        return []
    named = first_few([each.words for each in borrowed], 3)
    return [
        Caveat(
            "strangers",
            f"{100 * total:.0f}% of the tokens are donors with neither family nor script in "
            f"common with their target, on scores that {problem.matrix.name} predicts and nobody "
            f"measured: {named}; its forest tells languages within a row badly apart, so "
            "check them, or close them with a limit of 0 %",
        )
    ]


def _assumed(problem: MixProblem, mixture: Mixture) -> list[Caveat]:
    """Text whose worth nobody has measured, where the mixture would be another at either end."""
    told = []
    for provenance, (low, high) in sorted(WORTH_RANGE.items()):
        here = _share_of(mixture, provenance)
        used = problem.worth.get(provenance, 0.0)
        if here < _MUCH or not low <= used <= high:
            continue
        ends = []
        for worth in (low, high):
            question = replace(problem, worth={**problem.worth, provenance: worth})
            try:
                solved = optimise_problem(question)
            except Infeasible:
                continue
            tokens = solved.compiled.expand(question, solved.optimum.x)
            mine = [pool.provenance == provenance for pool in question.pools]
            ends.append((worth, float(tokens[np.array(mine)].sum() / tokens.sum())))
        if max((abs(share - here) for _, share in ends), default=0.0) < _MOVED:
            continue
        said = ", ".join(f"at {worth:g} it would be {100 * share:.0f}%" for worth, share in ends)
        told.append(
            Caveat(
                "worth",
                f"{100 * here:.0f}% of the tokens are {provenance} text, and that hangs on what "
                f"such a token is worth, which is assumed and not measured: {used:g} of a human "
                f"one; {said}",
            )
        )
    return told


_MOVED = 0.1
"""Change of a share from which on an answer is said to hang on a worth: our choice."""


def _share_of(mixture: Mixture, provenance: str) -> float:
    return sum(each.proportion for each in mixture.pools if each.pool.provenance == provenance)


def _excess(problem: MixProblem) -> list[Caveat]:
    """Compute that text is too short for buys parameters beyond the law's form."""
    law = problem.law
    if problem.allocation is None:
        return []
    excess = problem.params / law.params_for(problem.budget)
    if excess <= _EXCESS:
        return []
    return [
        Caveat(
            "size",
            f"text runs out: {format_quantity(problem.params)} parameters are "
            f"{format_quantity(excess, 2)} times what the law would give "
            f"{format_quantity(problem.budget)} fresh tokens; it has no term for excess "
            "parameters, which help less and less (Muennighoff et al. 2023), so spend less compute "
            "or add text",
        )
    ]


_FAR = 2.0
"""A factor of N from where the scores were measured that is said aloud: our choice."""

_MOSTLY = 0.5

_STRANGE = 0.01
"""Least share of a donor without script or family in common that is said aloud: our choice."""


def warn(problem: MixProblem, mixture: Mixture) -> tuple[str, ...]:
    """The warnings that hold for this answer, most important first."""
    return tuple(
        [
            *filter(None, [unspent_warning(mixture), _out_of_time(mixture)]),
            *_own_tokens(mixture),
            *idle_limits(_all_limits(problem), problem.pools),
            *_strangers(problem, mixture),
            *_mostly_donors(mixture),
            *_carrying(problem, mixture),
            *_predicted(problem, mixture),
            *_scale(problem),
            *_beyond_law(problem),
            *_repeated(problem, mixture),
            *_rephrased(problem, mixture),
            *_crammed(problem, mixture),
            *_estimated(problem, mixture),
            *_relaxed(mixture),
            *_left_out(problem),
        ]
    )


_READ: Final = 1e-3
"""Share of the tokens from which on rephrased text is spoken of: our choice."""


def _rephrased(problem: MixProblem, mixture: Mixture) -> list[str]:
    """What rephrased text was counted as, and what its source has to give; by language."""
    said = []
    read: dict[str, float] = {}
    given: dict[str, float] = {}
    distinct = distinct_tokens(problem)
    for share, unique in zip(mixture.pools, distinct.tolist(), strict=True):
        if share.pool.provenance == "rephrased" and share.tokens > 0:
            key, worth = share.pool.language, problem.worth_of(share.pool)
            read[key] = read.get(key, 0.0) + share.tokens
            data = worth * float(saturate(share.tokens, unique, problem.decay))
            given[key] = given.get(key, 0.0) + data
    for key, tokens in read.items():
        if tokens < _READ * mixture.tokens:
            continue
        source, name = source_tokens(problem, key), name_of(key)
        if source > 0:
            said.append(
                f"{format_quantity(tokens)} tokens of rephrased {name} are counted as "
                f"{format_quantity(given[key])}: they are other views of documents that hold "
                f"{format_quantity(source)} human tokens, and have {REPHRASED_MOST:g} times those "
                "to give at most, by one study of English (Kim et al. 2026)"
            )
        else:
            said.append(
                f"{format_quantity(tokens)} tokens of rephrased {name} are counted without a "
                "ceiling, for the inventory has no human text of it: add the documents they were "
                "made from, which have no more to give than they hold"
            )
    return said


def _all_limits(problem: MixProblem) -> list[Limit]:
    """Those of the whole run, then those of its phases."""
    return [*problem.limits, *(limit for phase in problem.phases for limit in phase.limits)]


def unspent_warning(mixture: Mixture) -> str:
    """How much of the budget stays unread, and why; empty where nothing does."""
    if not mixture.stopped:
        return ""
    return (
        f"{format_quantity(mixture.unspent)} of {format_quantity(mixture.budget)} tokens are left "
        f"unread: {mixture.stopped}"
    )


def _out_of_time(mixture: Mixture) -> str:
    """That the search ended by the clock; empty where it came to its end."""
    if mixture.certificate.exact or not expired():
        return ""
    return (
        "the search was ended by its time limit: what is proved is what it had proved by then, and "
        "with more time it may find a better mixture"
    )


def _strangers(problem: MixProblem, mixture: Mixture) -> list[str]:
    """Unlikely donors, where no caveat names them already."""
    if any(caveat.kind == "strangers" for caveat in mixture.caveats):
        return []
    said = [
        stranger.words for stranger in strangers(problem, mixture) if stranger.share >= _STRANGE
    ]
    if not said:
        return []
    return [
        f"donors with neither family nor script in common, of which nobody measured what they "
        f"give: {first_few(said, 3)}; check before training on it, or close it with a limit of 0 %"
    ]


_LITTLE_OWN: Final = 0.1
"""Share of the tokens in the targets' own languages below which it is said whose model comes out:
our choice."""

_LARGE: Final = 0.2
_TIMES_EVEN: Final = 5.0
"""A share from which, and so many times its part by weight, a target is said to be read for
others: our choice."""


def _mostly_donors(mixture: Mixture) -> list[str]:
    """Whose model it mostly is, where no caveat says so already."""
    own = own_share(mixture)
    if (
        own >= _LITTLE_OWN
        or not mixture.donors
        or any(c.kind == "drowned" for c in mixture.caveats)
    ):
        return []
    donor = max(mixture.donors, key=lambda key: mixture.proportions[key])
    named = _few([effect.language for effect in mixture.targets])
    return [
        f"only {100 * own:.2g}% of the tokens are {named}: this trains mostly a model of "
        f"{name_of(donor)}; compare it with finetuning one that knows {name_of(donor)}, and with "
        "reading fewer tokens"
    ]


def _carrying(problem: MixProblem, mixture: Mixture) -> list[str]:
    """A target that is read far beyond its own part, for what it is foretold to give others."""
    total = sum(effect.weight for effect in mixture.targets)
    told = []
    for effect in mixture.targets:
        share = mixture.proportions.get(effect.language, 0.0)
        even = effect.weight / total if total > 0 else 1.0
        if share >= max(_LARGE, _TIMES_EVEN * even):
            name = name_of(effect.language)
            told.append(
                f"{name} is {100 * share:.3g}% of the tokens, {share / even:.0f} times its part by "
                f"weight: read for what {problem.matrix.name} says it gives the other "
                f"{len(mixture.targets) - 1} targets; 'at most' a share of it costs little where "
                "its range is wide"
            )
    return told


def _own_tokens(mixture: Mixture) -> list[str]:
    without = [effect.language for effect in mixture.targets if effect.tokens <= 0]
    if not without:
        return []
    return [
        f"no text of {_few(without)} is read: its effective data comes from other languages alone"
    ]


def _predicted(problem: MixProblem, mixture: Mixture) -> list[str]:
    """Targets of which nobody, or hardly anybody, measured what helps them."""
    unmeasured = [
        name_of(effect.language)
        for effect in mixture.targets
        if effect.predicted_share == 1.0 and problem.transfer.is_completed
    ]
    said = []
    if unmeasured:
        said.append(
            f"nobody measured what helps {first_few(unmeasured, 4)}: in {problem.matrix.name} the "
            "transfer weights come from relatedness, and predictions as far as they follow it"
        )
    mostly = [
        effect
        for effect in mixture.targets
        if effect.predicted_share > _MOSTLY and not problem.transfer.is_completed
    ]
    if len(mostly) > 4:
        return [
            *said,
            f"for {len(mostly)} of {len(mixture.targets)} targets most scores in "
            f"{problem.matrix.name} are predicted, not measured",
        ]
    return [
        *said,
        *(
            f"{effect.predicted_share:.0%} of {name_of(effect.language)}'s scores in "
            f"{problem.matrix.name} are predicted, not measured"
            for effect in mostly
        ),
    ]


def _scale(problem: MixProblem) -> list[str]:
    measured = problem.matrix.card.parameters
    if not measured:
        return []
    factor = max(problem.params / measured, measured / problem.params)
    if factor <= _FAR:
        return []
    return [
        f"the scores were measured at {format_quantity(measured)} parameters and are used at "
        f"{format_quantity(problem.params)}: transfer may differ"
    ]


def _beyond_law(problem: MixProblem) -> list[str]:
    """Sizes that the runs behind the law did not have."""
    law = problem.law
    said: list[str] = []
    if law.fitted_params and not law.fitted_params[0] <= problem.params <= law.fitted_params[1]:
        least, most = map(format_quantity, law.fitted_params)
        said.append(
            f"law {law.name} was fitted on {least} to {most} parameters: predicted losses at "
            f"{format_quantity(problem.params)} are an extrapolation"
        )
    return said


def _repeated(problem: MixProblem, mixture: Mixture) -> list[str]:
    caps = epoch_limits(problem)
    at_cap = [
        share
        for share, cap in zip(mixture.pools, caps, strict=True)
        if share.epochs > 1 and share.epochs >= cap * (1 - 1e-6)
    ]
    if not at_cap:
        return []
    if len(at_cap) > 3:
        most = max(share.epochs for share in at_cap)
        return [f"{len(at_cap)} pools are read up to their epoch cap (at most {most:.3g} epochs)"]
    return [
        f"pool {share.pool.name} is read {share.epochs:.3g} epochs, its cap" for share in at_cap
    ]


def _crammed(problem: MixProblem, mixture: Mixture) -> list[str]:
    """Pools that a phase repeats far more densely than the run, where no cap of its own holds."""
    whole = {share.pool.name: share.epochs for share in mixture.pools}
    said = []
    for plan, phase in zip(problem.phases, mixture.phases, strict=False):
        part = phase.tokens / mixture.tokens if mixture.tokens else 1.0
        caps = plan.caps([share.pool for share in phase.shares])
        dense = [
            share
            for share, cap in zip(phase.shares, caps.tolist(), strict=True)
            if math.isinf(cap) and is_crammed(share.epochs, part, whole[share.pool.name])
        ]
        dense.sort(key=lambda share: (-share.epochs, share.pool.name))
        if dense:
            named = [f"{share.pool.name} {share.epochs:.3g} times" for share in dense]
            said.append(
                f"phase {phase.name}, {100 * part:.3g}% of the tokens, reads "
                f"{first_few(named, 3)}: the law counts repeats and not how close together they "
                "come, so no prediction shows what that does; max_epochs of a phase caps them"
            )
    return said


def _estimated(problem: MixProblem, mixture: Mixture) -> list[str]:
    rough = [share for share in mixture.read if share.pool.obtained == "estimated"]
    units = {share.pool.unit for share in mixture.read}
    said = []
    if rough:
        part = sum(share.proportion for share in rough)
        named = first_few([share.pool.name for share in rough], 3)
        share = f"{part:.0%}" if part >= 0.005 else "less than 1%"
        said.append(f"unique tokens are estimates from bytes for {share} of the mixture: {named}")
    if len(units) > 1:
        said.append(f"the pools read are counted in {len(units)} different units of tokens")
    return said


def _relaxed(mixture: Mixture) -> list[str]:
    proof = mixture.certificate
    if proof.exact or proof.engine is Engine.GIVEN:
        return []
    if not math.isfinite(proof.gap):
        return ["nothing is proved of the answer: its objective has no finite value"]
    return [
        f"the answer is proved to be within {percent_above(proof.gap)} of the best "
        "possible, not closer"
    ]


def _left_out(problem: MixProblem) -> list[str]:
    known = set(problem.transfer.keys)
    unknown = sorted({pool.language for pool in problem.pools} - known)
    without = [
        target.language
        for target in problem.targets
        if not any(pool.language == target.language for pool in problem.pools)
    ]
    said = []
    if without:
        said.append(f"inventory {problem.inventory.name} has no pool of {_few(without)} here")
    if unknown:
        said.append(
            f"{len(unknown)} languages of the inventory have no scores in {problem.matrix.name} "
            "and were not considered"
        )
    return said
