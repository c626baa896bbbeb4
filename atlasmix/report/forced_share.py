"""What a share set by hand costs: a sentence, all losses, all shares."""

from __future__ import annotations

from functools import partial

from atlasmix.languages.catalogue import name_of
from atlasmix.mixture.diff import diff, side_of_mixture
from atlasmix.mixture.forced_share import ForcedShare
from atlasmix.mixture.mixture import FLATNESS, Mixture
from atlasmix.problem.problem import MixProblem
from atlasmix.report.blocks import Block, Figure, blocks_of
from atlasmix.report.difference import diff_tables
from atlasmix.report.figures.difference import diff_figure
from atlasmix.report.words import percent

_NOTHING = 1e-7
"""Part of the reducible loss below which nothing is lost: what answers are proved to."""


def forced_blocks(problem: MixProblem, mixture: Mixture, forced: ForcedShare) -> tuple[Block, ...]:
    """The cost of a share, then the losses and the shares that come with it.

    Args:
        problem: the question.
        mixture: its answer.
        forced: the same with one share set by hand.
    """
    sides = [side_of_mixture(each, unit=problem.law.unit) for each in (mixture, forced.mixture)]
    moved = diff(*sides)
    languages, targets = diff_tables(moved)
    alt = f"All shares with {name_of(forced.language)} at {percent(forced.share)}, and before."
    return blocks_of(
        forced_sentence(mixture, forced),
        targets,
        Figure("forced-share", "Shares before and after", alt, partial(diff_figure, moved)),
        languages,
    )


def forced_sentence(mixture: Mixture, forced: ForcedShare) -> str:
    """What the share costs, and whether that is more than anybody would measure."""
    name = name_of(forced.language)
    own = mixture.proportions.get(forced.language, 0.0)
    if forced.relative <= _NOTHING:
        return f"{name} at {percent(forced.share)} is the share of the answer: nothing is lost."
    said = (
        f"{name} at {percent(forced.share)} in the place of {percent(own)}, all others chosen "
        f"anew: the objective is {percent(forced.relative)} of the reducible loss worse, "
    )
    if forced.relative <= FLATNESS * (1 + 1e-3):
        return f"{said}no more than the {100 * FLATNESS:g}% within which a share counts as free."
    return (
        f"{said}{forced.relative / FLATNESS:.1f} times what counts as free ({100 * FLATNESS:g}%)."
    )
