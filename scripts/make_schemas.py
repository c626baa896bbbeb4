"""Write the JSON Schemas of ``data/schemas`` anew: ``python scripts/make_schemas.py``.

They say what the types say; a test compares both.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from atlasmix.evidence.card_schema import CardFile
from atlasmix.evidence.mixture_file import MIXTURE_SCHEMA, MixtureFile
from atlasmix.io.schema import json_schema
from atlasmix.problem.schema import QuestionFile
from atlasmix.recipe.recipe import SCHEMA
from atlasmix.recipe.schema import RecipeFile

FOLDER: Final = Path(__file__).resolve().parents[1] / "data" / "schemas"
KINDS: Final[dict[str, tuple[Any, str]]] = {
    "atlasmix/card/1": (CardFile, "AtlasMix card"),
    MIXTURE_SCHEMA: (MixtureFile, "AtlasMix mixture"),
    "atlasmix/problem/2": (QuestionFile, "AtlasMix question"),
    SCHEMA: (RecipeFile, "AtlasMix recipe"),
}
"""Name as files say it: (type, title)."""


def texts() -> dict[str, str]:
    """File name to content, for every schema."""
    return {
        f"{name.removeprefix('atlasmix/').replace('/', '-')}.json": json.dumps(
            json_schema(kind, name, title), indent=2, ensure_ascii=False
        )
        + "\n"
        for name, (kind, title) in KINDS.items()
    }


if __name__ == "__main__":
    for name, text in texts().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
