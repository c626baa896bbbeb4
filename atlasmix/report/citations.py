"""The evidence behind an answer, each piece with its source, its licence and its fingerprint."""

from __future__ import annotations

from collections.abc import Sequence

from atlasmix.evidence.card import Card
from atlasmix.evidence.published import PublishedMixture, list_published, published_card
from atlasmix.laws.kinds import LossLaw
from atlasmix.laws.shelf import shipped_card, shipped_names
from atlasmix.mixture.mixture import Comparison, Mixture
from atlasmix.problem.pool_choice import inventory_hashes
from atlasmix.problem.problem import MixProblem
from atlasmix.report.blocks import Block, Column, Fact, Facts, Row, Table
from atlasmix.report.words import named


def cited(
    problem: MixProblem, mixture: Mixture, models: Sequence[Comparison] = ()
) -> tuple[Block, ...]:
    """Matrix, inventories, law, the pools read, and the published mixtures compared with.

    Args:
        problem: the question.
        mixture: its answer.
        models: published mixtures that the report tells of.
    """
    matrix, inventory = problem.matrix, problem.inventory
    prints = inventory_hashes(inventory)
    digests = tuple(Fact("SHA-256", f"{digest} ({name})") for name, digest in prints if digest)
    own = Fact("SHA-256", matrix.sha256)
    return (
        Facts(
            (*card_rows(matrix.card), *((own,) if matrix.sha256 else ())),
            title=f"Transfer matrix {matrix.name}",
        ),
        Facts((*card_rows(inventory.card), *digests), title=f"Token inventory {inventory.name}"),
        Facts(law_rows(problem.law), title=f"Loss law {problem.law.name}"),
        pools_cited(mixture),
        *_models_cited(models),
    )


def card_rows(card: Card) -> tuple[Fact, ...]:
    """Title, unit, what was measured, source, citation and licence of a card, where it says them.

    >>> [fact.label for fact in card_rows(Card(title="Ours", licence="private"))]
    ['title', 'licence']
    """
    unit = ", ".join(filter(None, (card.metric, card.unit, card.orientation, card.direction)))
    licence = " ".join(filter(None, (card.licence, card.licence_url)))
    return _said(
        ("title", card.title),
        ("unit", unit),
        ("evidence", card.evidence),
        ("standard errors", card.stderr_note),
        ("source", card.source),
        ("citation", card.citation),
        ("licence", licence),
    )


def law_rows(law: LossLaw) -> tuple[Fact, ...]:
    """What a law was measured on, its constants, its source and licence."""
    constants = ", ".join(
        f"{name} = {value:.6g}"
        for name, value in (
            *(("E", law.E), ("A", law.A), ("α", law.alpha), ("B", law.B), ("β", law.beta)),
            ("φ", law.phi),
        )
    )
    card = shipped_card(law.name) if law.name in shipped_names() else None
    return _said(
        ("title", card.title if card else ""),
        ("loss in", law.unit),
        ("measured on", law.measured_on),
        ("constants", constants),
        ("source", law.source),
        ("licence", card.licence if card else ""),
        ("note", law.note),
    )


def pools_cited(mixture: Mixture) -> Table:
    """Where the text that is read comes from, and under which licence."""
    return Table(
        (
            Column("language"),
            Column("pool"),
            Column("counted in"),
            Column("count is", meaning="counted by a tokenizer, estimated, or as a paper states"),
            Column("source"),
            Column("licence"),
        ),
        tuple(
            Row(
                (
                    named(share.pool.language),
                    share.pool.name,
                    share.pool.unit,
                    share.pool.obtained,
                    share.pool.source,
                    share.pool.licence,
                )
            )
            for share in mixture.read
        ),
        title="Where the text that is read comes from",
    )


def _models_cited(models: Sequence[Comparison]) -> tuple[Block, ...]:
    """The card of the table of published mixtures, and the source of each that is told of."""
    names = {model.name for model in models}
    told = [each for each in list_published() if each.name in names]
    if not told:
        return ()
    return (
        Facts(card_rows(published_card()), title="Published mixtures"),
        Facts(tuple(map(_model_cited, told))),
    )


def _model_cited(model: PublishedMixture) -> Fact:
    year = f" ({model.year})" if model.year else ""
    said = (
        f"{model.model}, {model.stage}{year}. Shares count {model.basis}, {model.status}. Source: "
        f"{model.source}"
    )
    return Fact(model.name, said, model.note)


def _said(*facts: tuple[str, str]) -> tuple[Fact, ...]:
    return tuple(Fact(label, " ".join(words.split())) for label, words in facts if words)
