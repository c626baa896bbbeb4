"""Token inventories: how many distinct tokens there are, pool by pool."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

from atlasmix.evidence.card import Card
from atlasmix.evidence.pools import Pool, pools_csv, read_pools
from atlasmix.io.tables import frame_rows
from atlasmix.quantities import format_quantity

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Inventory:
    """The pools of one count.

    Attributes:
        name: on the shelf.
        pools: sorted by language, script, provenance and corpus.
        card: unit, origin and licence.
        sha256: of the pool table.
    """

    name: str
    pools: tuple[Pool, ...]
    card: Card
    sha256: str

    @classmethod
    def from_frame(
        cls, frame: pd.DataFrame, name: str = "frame", source: str = "a data frame"
    ) -> Inventory:
        """An inventory from a data frame, read as strictly as a table that is put on the shelf.

        Args:
            frame: columns language and unique_tokens (or tokens); provenance, corpus, kind, unit,
                obtained, documents, utf8_bytes, generator, generation, source, licence and note
                where they are known. Without them a pool is human web text of the corpus ``own``,
                its tokens stated.
            name: what recipes call it.
            source: where the counts come from, for recipes.

        Raises:
            DataError: with every fault of the table in ``faults``, each with its row.

        >>> import pandas as pd
        >>> own = pd.DataFrame({"language": ["cat", "oci"], "unique_tokens": ["21B", "35M"]})
        >>> Inventory.from_frame(own).languages()
        ('cat', 'oci')
        """
        frame = (
            frame.rename(columns={"tokens": "unique_tokens"}) if hasattr(frame, "rename") else frame
        )
        usual = {"provenance": "human", "corpus": "own", "unit": "own tokens", "obtained": "stated"}
        rows = frame_rows(frame, f"frame '{name}'")
        absent = {key: text for key, text in usual.items() if key not in rows.header}
        rows = replace(
            rows,
            header=(*rows.header, *absent),
            rows=tuple((*row, *absent.values()) for row in rows.rows),
        )
        card = Card(name=name, kind="token inventory", title=f"Tokens of {name}", source=source)
        pools = read_pools(rows, card)
        return cls(name, pools, card, hashlib.sha256(pools_csv(pools)).hexdigest())

    def to_frame(self) -> pd.DataFrame:
        """One row a pool, indexed by its name."""
        import pandas as pd

        columns = [each.name for each in fields(Pool) if each.name != "name"]
        rows = [[getattr(pool, column) for column in columns] for pool in self.pools]
        return pd.DataFrame(
            rows, pd.Index([pool.name for pool in self.pools], name="pool"), columns
        )

    def __repr__(self) -> str:
        """One line: how many pools of how many languages."""
        tokens = format_quantity(sum(pool.unique_tokens for pool in self.pools))
        return (
            f"Inventory({self.name!r}, {len(self.pools)} pools of {len(self.languages())} "
            f"languages, {tokens} unique tokens)"
        )

    def select(
        self,
        provenances: Collection[str] | None = None,
        corpora: Collection[str] | None = None,
        kinds: Collection[str] | None = None,
        languages: Collection[str] | None = None,
    ) -> tuple[Pool, ...]:
        """The pools that match every given list, in order; None leaves a list open."""
        return tuple(
            pool
            for pool in self.pools
            if (provenances is None or pool.provenance in provenances)
            and (corpora is None or pool.corpus in corpora)
            and (kinds is None or pool.kind in kinds)
            and (languages is None or pool.language in languages)
        )

    def languages(self) -> tuple[str, ...]:
        """The keys that have a pool, sorted."""
        return tuple(sorted({pool.language for pool in self.pools}))
