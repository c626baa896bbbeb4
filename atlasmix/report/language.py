"""One language: what is known of it, its text, its relatives, and what asking for it answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from atlasmix.evidence.inventory import Inventory
from atlasmix.languages.catalogue import language, name_of
from atlasmix.mixture.mixture import Mixture
from atlasmix.problem.problem import MixProblem
from atlasmix.quantities import format_quantity
from atlasmix.report.answer_words import caveat_sentences, effect_sentence, headline
from atlasmix.report.blocks import (
    Block,
    Caution,
    Column,
    Fact,
    Facts,
    Row,
    Sentence,
    Sentences,
    Table,
)
from atlasmix.report.words import HUMAN, language_facts, named
from atlasmix.text import listed
from atlasmix.transfer.relatedness import Relative, declarations

_COUNTED: Final = "counted"


def known_blocks(key: str) -> tuple[Block, ...]:
    """Family, scripts, codes and speakers of a language, and what the tables do not say."""
    known = language(key)
    missing = [
        sentence
        for sentence, lacks in (
            (
                "The tables name no script of it: what a pool of it is written in is for its "
                "inventory to say.",
                not known.script,
            ),
            (
                "No Universal Declaration of Human Rights in it is at hand: its relatives are told "
                "by descent, place and script alone, and what they give it is known less well.",
                key.partition("_")[0] not in declarations(),
            ),
            ("No point on the map: nothing is taken from its place.", known.latitude is None),
        )
        if lacks
    ]
    facts = [Fact(label, words) for label, words in language_facts(known)]
    if known.endonym and known.endonym != known.name:
        facts.insert(0, Fact("own name", known.endonym))
    return (
        Facts(tuple(facts)),
        *([Sentences(tuple(missing))] if missing else []),
    )


def text_blocks(key: str, inventory: Inventory) -> tuple[Block, ...]:
    """Unique tokens of a language by provenance and corpus, the most first."""
    name = name_of(key)
    pools = sorted(inventory.select(languages=[key]), key=lambda pool: -pool.unique_tokens)
    if not pools:
        return (
            Sentence(
                f"Inventory {inventory.name} has no text in {name}: it cannot be asked for until "
                "counts of its text are there, your own or those of another inventory."
            ),
        )
    tokens = sum(pool.unique_tokens for pool in pools)
    human = sum(pool.unique_tokens for pool in pools if pool.provenance in HUMAN)
    said = f"{format_quantity(tokens)} unique tokens of {name} in {inventory.name}"
    said += ", all of them called human by it" if human == tokens else ""
    said += f", {format_quantity(human)} of them called human by it" if 0 < human < tokens else ""
    said += ", none of them human" if human == 0 else ""
    doubted = [pool.corpus or pool.name for pool in pools if pool.obtained != _COUNTED]
    if doubted:
        said += f"; not counted but estimated or stated: {listed(doubted, 4)}"
    rows = tuple(
        Row(
            (
                pool.provenance.replace("_", "-"),
                pool.corpus or "not named",
                pool.kind,
                pool.unique_tokens,
                pool.obtained,
                pool.unit,
            )
        )
        for pool in pools
    )
    table = Table(
        (
            Column("provenance"),
            Column("corpus"),
            Column("kind"),
            Column("unique tokens", "tokens"),
            Column("count is"),
            Column("of"),
        ),
        rows,
        title=f"Text of {name} by provenance and corpus",
    )
    return (Sentence(f"{said}."), table)


def relatives_table(key: str, relatives: Sequence[Relative], inventory: Inventory) -> Table:
    """The nearest relatives, what they share, and how much text there is of each."""
    text: dict[str, float] = {}
    for pool in inventory.pools:
        text[pool.language] = text.get(pool.language, 0.0) + pool.unique_tokens
    return Table(
        (
            Column("relative"),
            Column("kin", "coefficient", "of descent and place, 0 to 1"),
            Column("trigrams", "coefficient", "cosine of the two declarations, 0 to 1"),
            Column("same"),
            Column("its text", "tokens"),
        ),
        tuple(
            Row(
                (
                    named(each.key),
                    each.kin,
                    "no text" if each.trigrams is None else each.trigrams,
                    ", ".join(each.shared) or "nothing",
                    text.get(each.key, "none"),
                )
            )
            for each in relatives
        ),
        title=f"Nearest relatives of {name_of(key)}",
    )


def outlook_blocks(problem: MixProblem, mixture: Mixture) -> tuple[Block, ...]:
    """What a question of this language alone answers, and why not to act on it as it stands."""
    return (
        *map(Caution, caveat_sentences(mixture)),
        Sentence(headline(mixture), strong=True),
        Sentence(effect_sentence(problem, mixture)),
    )
