"""A Solution: the answered question, as frames, figures, a report and a recipe."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

from atlasmix.errors import ProblemError
from atlasmix.io.files import write_atomic
from atlasmix.languages.resolving import resolve
from atlasmix.laws.saturation import Array
from atlasmix.mixture.comparison import compare
from atlasmix.mixture.explain import explain
from atlasmix.mixture.flows import flows
from atlasmix.mixture.forced_share import force_share
from atlasmix.mixture.mixture import Certificate, Mixture, TargetEffect, Uncertainty
from atlasmix.mixture.sensitivity import sensitivity
from atlasmix.mixture.shares import explain_shares
from atlasmix.mixture.solve import answer
from atlasmix.mixture.uncertainty import with_uncertainty
from atlasmix.problem.link import short_question
from atlasmix.problem.problem import MixProblem
from atlasmix.quantities import format_quantity, parse_share
from atlasmix.recipe.file import dump_recipe
from atlasmix.recipe.recipe import Recipe, make_recipe
from atlasmix.report.answer import answer_report
from atlasmix.report.answer_words import gap_text
from atlasmix.report.findings import Findings, findings_of
from atlasmix.report.report import Report
from atlasmix.report.shares import share_sentence
from atlasmix.text import did_you_mean, first_few

if TYPE_CHECKING:
    import pandas as pd

_LANGUAGES: Final = 5
_TARGETS: Final = 2
_WHOLE: Final = 1.0 + 1e-6
"""Numbers that sum to no more than this are shares of the budget, not tokens."""

By = Literal["language", "pool"]


@dataclass(frozen=True, eq=False, repr=False)
class Solution:
    """The mixture that answers a Problem, and what can be asked of it.

    Attributes:
        question: what was asked, every name resolved, its size chosen.
        mixture: the answer as plain data: pools, effects, prices, flatness, caveats.

    >>> from atlasmix import Problem
    >>> solution = Problem("cat").solve()
    >>> solution
    Mixture for cat: 100B tokens, 2B parameters
      cat       85.0%  85B
      spa       15.0%  15B
      predicted loss of cat: 2.567, alone 2.567
      certified: nothing is better by more than one part in a billion
    """

    question: MixProblem
    mixture: Mixture

    @property
    def proportions(self) -> dict[str, float]:
        """Share of the tokens read per language, 0 to 1, largest first."""
        return self.mixture.proportions

    @property
    def tokens(self) -> float:
        """Tokens read in all."""
        return self.mixture.tokens

    @property
    def params(self) -> float:
        """Parameters of the model, with embeddings."""
        return self.mixture.params

    @property
    def targets(self) -> tuple[TargetEffect, ...]:
        """Predicted effect per target, in the order asked."""
        return self.mixture.targets

    @property
    def certificate(self) -> Certificate:
        """The proof: value, bound and gap of the objective, in the law's unit."""
        return self.mixture.certificate

    @property
    def warnings(self) -> tuple[str, ...]:
        """What to know before believing it: caveats first, one sentence each."""
        told = (caveat.sentence for caveat in self.mixture.caveats)
        return (*told, *self.mixture.warnings)

    @cached_property
    def uncertainty(self) -> Uncertainty | None:
        """Intervals and regret over draws of what nobody knows for certain; None where none.

        Where nobody asked for draws, and they take about a second, they are made now.

        >>> from atlasmix import Problem
        >>> sure = Problem("cat").solve(draws=64).uncertainty
        >>> [round(100 * each.read) for each in sure.shares if each.language == "cat"]
        [100]
        """
        return self._tried.uncertainty

    def intervals(self, of: Literal["share", "loss"] = "share") -> pd.DataFrame:
        """What the draws say, one row a language or a target.

        Args:
            of: ``share`` (of each language here; in the best mixtures of the draws: ``low`` to
                ``high`` in 90 of 100, and ``read``, the part of the draws that read it) or ``loss``
                (of each target under this mixture, ``low`` to ``high`` in 90 of 100).

        Raises:
            ProblemError: another word, or an answer without draws.

        >>> from atlasmix import Problem
        >>> frame = Problem("cat").solve(draws=20).intervals("loss")
        >>> bool(frame.loc["cat", "low"] < frame.loc["cat", "high"])
        True
        """
        import pandas as pd

        sure = self.uncertainty
        if sure is None:
            raise ProblemError(
                "this answer was not tried in draws: ask for them with solve(draws=256)",
                field="draws",
            )
        if of == "share":
            rows = [
                (each.share, each.best.low, each.best.middle, each.best.high, each.read)
                for each in sure.shares
            ]
            columns = ["share", "low", "middle", "high", "read"]
            index = pd.Index([each.language for each in sure.shares], name="language")
            return pd.DataFrame(rows, index, columns)
        if of == "loss":
            losses = {effect.language: effect.loss for effect in self.targets}
            ends = [
                (losses[each.language], each.loss.low, each.loss.middle, each.loss.high)
                for each in sure.losses
            ]
            index = pd.Index([each.language for each in sure.losses], name="target")
            return pd.DataFrame(ends, index, ["loss", "low", "middle", "high"])
        raise ProblemError(f"of is {of!r}: expected 'share' or 'loss'", field="of")

    @cached_property
    def _tried(self) -> Mixture:
        """The mixture with its uncertainty."""
        if self.mixture.uncertainty is not None:
            return self.mixture
        return with_uncertainty(self.question, self.mixture)

    @cached_property
    def recipe(self) -> Recipe:
        """The record of question, answer and the origin of every number.

        Raises:
            ProblemError: weights that were assumed, which no record could derive again.
        """
        return make_recipe(self.question, self._tried, compare(self.question))

    def to_frame(self, by: By = "language") -> pd.DataFrame:
        """What is read, largest first.

        Args:
            by: ``language`` (share, tokens, and the range within which the share hardly matters)
                or ``pool`` (also unique tokens, epochs, provenance and corpus).

        Raises:
            ProblemError: another word.
        """
        import pandas as pd

        if by == "language":
            ranges = {each.language: each for each in self.mixture.flatness}
            rows = [
                {
                    "share": share,
                    "tokens": share * self.tokens,
                    "share_low": ranges[key].low if key in ranges else np.nan,
                    "share_high": ranges[key].high if key in ranges else np.nan,
                }
                for key, share in self.proportions.items()
            ]
            index = pd.Index(list(self.proportions), name="language")
            return pd.DataFrame(rows, index)
        if by == "pool":
            pools = [
                {
                    "language": share.pool.language,
                    "provenance": share.pool.provenance,
                    "corpus": share.pool.corpus,
                    "share": share.proportion,
                    "tokens": share.tokens,
                    "unique_tokens": share.pool.unique_tokens,
                    "epochs": share.epochs,
                }
                for share in self.mixture.read
            ]
            index = pd.Index([share.pool.name for share in self.mixture.read], name="pool")
            return pd.DataFrame(pools, index)
        raise ProblemError(f"by is {by!r}: expected 'language' or 'pool'", field="by")

    def effects(self) -> pd.DataFrame:
        """Predicted effect per target: losses in the law's unit, data in tokens, own share."""
        import pandas as pd

        columns = [
            *("weight", "loss", "loss_alone", "capacity_loss", "data_loss", "own_share"),
            *("effective_data", "own", "transferred", "alone", "phi"),
        ]
        rows = [[getattr(effect, name) for name in columns] for effect in self.targets]
        index = pd.Index([effect.language for effect in self.targets], name="target")
        return pd.DataFrame(rows, index, columns)

    def with_share(self, language: str, share: float | str) -> Solution:
        """The best mixture in which one language has a share set by hand, all others chosen anew.

        Args:
            language: in any code or name.
            share: of the tokens read, ``0.2`` or ``"20%"``.

        Raises:
            ProblemError: no share, or a language without text here.
            Infeasible: no mixture within the constraints has this share.

        >>> from atlasmix import Problem
        >>> solution = Problem("cat", draws=0).solve()
        >>> more_english = solution.with_share("eng", 0.03)
        >>> round(more_english.targets[0].loss - solution.targets[0].loss, 4)
        0.0016
        """
        question = self.question
        key = language if language in question.transfer.keys else str(resolve(language))
        wanted = parse_share(share, "share")
        forced = force_share(question, self.tokens, key, wanted)
        return Solution(question, forced.mixture)

    def flows(self) -> pd.DataFrame:
        """Where the effective tokens of each target come from, one row a target and source.

        Columns: ``provenance`` of the text, ``fresh`` (what its first pass gives) and ``repeated``
        (what later passes add), both in effective target tokens, and ``status``, how the score
        behind it came to be (empty for a target's own text). Over a target they sum to its
        ``effective_data``.

        >>> from atlasmix import Problem
        >>> frame = Problem("cat", draws=0).solve().flows()
        >>> list(frame.index)
        [('cat', 'cat'), ('cat', 'spa')]
        """
        import pandas as pd

        every = flows(self.question, self.mixture)
        columns = ["provenance", "fresh", "repeated", "status"]
        rows = [[getattr(flow, name) for name in columns] for flow in every]
        keys = [(flow.target, flow.source) for flow in every]
        index = pd.MultiIndex.from_tuples(keys, names=["target", "source"])
        return pd.DataFrame(rows, index, columns)

    def donors(self) -> pd.DataFrame:
        """Why each language beside the targets is read or not, one row each."""
        import pandas as pd

        columns = ("share", "target", "score", "stderr", "status", "weight", "threshold", "reason")
        told = explain(self.question, self.mixture)
        rows = [
            [
                *(each.proportion, each.target, each.score, each.stderr, each.status),
                *(each.weight, np.nan if each.threshold is None else each.threshold),
                each.sentence,
            ]
            for each in told
        ]
        index = pd.Index([each.language for each in told], name="donor")
        return pd.DataFrame(rows, index, list(columns))

    def shares(self, *languages: str) -> pd.DataFrame:
        """Why each language has its share, and not one point more or less, one row each.

        ``value`` is what its next token is worth, in times of the common price; ``less`` and
        ``more`` are the change of the reducible loss (0.01: 1 % worse) of a point less and more.

        Args:
            languages: keys of further languages to tell of, that are left out or have no text.
        """
        import pandas as pd

        told = explain_shares(self.question, self.mixture, languages)
        rows = [
            [
                *(each.role, each.share, each.held, each.value, each.epochs),
                *(np.nan if move is None else move.relative for move in (each.less, each.more)),
                share_sentence(self.question, each),
            ]
            for each in told
        ]
        columns = ["role", "share", "held", "value", "epochs", "less", "more", "reason"]
        index = pd.Index([each.language for each in told], name="language")
        return pd.DataFrame(rows, index, columns)

    def prices(self) -> pd.DataFrame:
        """What each constraint costs, dearest first; those that cost nothing are left out."""
        import pandas as pd

        return pd.DataFrame([asdict(price) for price in self.mixture.prices])

    def sensitivity(self) -> pd.DataFrame:
        """The donors and the tokens read over the range of every uncertain constant."""
        import pandas as pd

        steps = sensitivity(self.question)
        return pd.DataFrame([asdict(step) for step in steps])

    def baselines(self) -> pd.DataFrame:
        """Mixtures that need no evidence on transfer, on the same objective, the answer first."""
        import pandas as pd

        kept = {"answer": (self.certificate.value, self.tokens, True, "")}
        for other in compare(self.question):
            breaks = ", ".join(other.breaks)
            kept[other.name] = (other.value, other.tokens, other.within_limits, breaks)
        columns = ["objective", "tokens", "within_limits", "breaks"]
        return pd.DataFrame(list(kept.values()), pd.Index(list(kept), name="mixture"), columns)

    def plot(self, kind: Literal["mixture", "effect", "flatness", "flows"] = "mixture") -> Any:
        """A Plotly figure of the shares, the effect, how far shares may move, or who gives what.

        Raises:
            DataError: Plotly is not installed.
            ProblemError: another kind.
        """
        from atlasmix.report.figures.effect import effect_figure, flatness_figure
        from atlasmix.report.figures.flows import flows_figure
        from atlasmix.report.figures.mixture import mixture_bars

        if kind == "mixture":
            return mixture_bars(self.mixture)
        if kind == "effect":
            return effect_figure(self.question, self.mixture, compare(self.question))
        if kind == "flatness":
            return flatness_figure(self.mixture)
        if kind == "flows":
            return flows_figure(flows(self.question, self.mixture))
        raise ProblemError(
            f"kind is {kind!r}: expected 'mixture', 'effect', 'flatness' or 'flows'", field="kind"
        )

    def report(self) -> Report:
        """The whole answer to print, show or save: question, mixture, effect, doubt, evidence.

        The first call takes seconds: baselines, donors and other constants are tried.
        """
        return answer_report(self.question, self._tried, self._findings)

    @cached_property
    def _findings(self) -> Findings:
        return findings_of(self.question, self.mixture)

    def save(self, path: str | Path) -> None:
        """Write the recipe as YAML, whole or not at all.

        Raises:
            DataError: the file cannot be written.
        """
        write_atomic(Path(path), dump_recipe(self.recipe))

    def to_mapping(self) -> dict[str, object]:
        """The question as plain data, without its defaults."""
        return dict(short_question(self.question))

    def __repr__(self) -> str:
        """Ten lines at most."""
        return "\n".join(self._told())

    def _repr_html_(self) -> str:
        head, *rest = self._told()
        rows = "".join(
            f"<tr><td>{escape(key)}</td><td style='text-align:right'>{share:.1%}</td>"
            f"<td style='text-align:right'>{format_quantity(share * self.tokens)}</td></tr>"
            for key, share in list(self.proportions.items())[:_LANGUAGES]
        )
        left = len(self.proportions) - _LANGUAGES
        more = f"<tr><td>and {left} more</td><td></td><td></td></tr>" if left > 0 else ""
        notes = "".join(f"<br>{escape(line.strip())}" for line in rest[-_TARGETS - 2 :])
        table = (
            f"<table><tr><th>language</th><th>share</th><th>tokens</th></tr>{rows}{more}</table>"
        )
        return f"<div><b>{escape(head)}</b>{table}{notes}</div>"

    def _told(self) -> list[str]:
        targets = [effect.language for effect in self.targets]
        named = first_few(targets, 3)
        size = f"{format_quantity(self.tokens)} tokens, {format_quantity(self.params)} parameters"
        told = [f"Mixture for {named}: {size}"]
        shares = list(self.proportions.items())
        told += [
            f"  {key:<9}{share:>6.1%}  {format_quantity(share * self.tokens)}"
            for key, share in shares[:_LANGUAGES]
        ]
        if shares[_LANGUAGES:]:
            rest = sum(share for _, share in shares[_LANGUAGES:])
            told[-1] += f"   (and {len(shares) - _LANGUAGES} more, {rest:.1%})"
        for effect in self.targets[:_TARGETS]:
            alone = f", alone {effect.loss_alone:.4g}" if np.isfinite(effect.loss_alone) else ""
            told.append(f"  predicted loss of {effect.language}: {effect.loss:.4g}{alone}")
        proof = self.certificate
        if proof.exact and not self.mixture.caveats:
            told.append(f"  certified: nothing is better by more than {gap_text(proof.gap)}")
        elif self.mixture.caveats:
            told.append(f"  not certified: {len(self.mixture.caveats)} caveats, see .warnings")
        return told


def evaluated(question: MixProblem, given: Mapping[str, float]) -> Solution:
    """A given mixture as a Solution without a proof; see :meth:`Problem.evaluate`."""
    return Solution(question, answer(question, _tokens(question, given)))


def _tokens(question: MixProblem, given: Mapping[str, float]) -> Array:
    """Tokens per pool of a mixture of pools or languages, in tokens or shares of the budget."""
    numbers = [float(value) for value in given.values()]
    if not numbers or min(numbers) < 0 or not 0 < sum(numbers) < np.inf:
        raise ProblemError(
            f"the mixture is {dict(given)!r}: expected pools or languages with tokens or shares "
            "from 0, not all 0",
            field="mixture",
        )
    scale = question.budget if sum(numbers) <= _WHOLE else 1.0
    place = {pool.name: number for number, pool in enumerate(question.pools)}
    tokens = np.zeros(len(question.pools))
    for name, value in given.items():
        if name in place:
            tokens[place[name]] += scale * float(value)
            continue
        key = name if name in question.transfer.keys else str(resolve(name))
        members = [n for n, pool in enumerate(question.pools) if pool.language == key]
        unique = np.array([question.pools[n].unique_tokens for n in members])
        if not unique.sum() > 0:
            known = sorted({pool.language for pool in question.pools} | set(place))
            raise ProblemError(
                f"the mixture names {name!r}, which has no pool in this problem: "
                + (did_you_mean(name, known) or "open more pools with inventory and pools"),
                field="mixture",
            )
        tokens[members] += scale * float(value) * unique / unique.sum()
    return tokens
