"""The pages on import, lint and data cards list what there is."""

import re
from pathlib import Path

import yaml

from atlasmix.audit.lint import FAULTS
from atlasmix.interop.cards.making import FORMATS as CARDS
from atlasmix.interop.importers.listing import Entry
from atlasmix.interop.importers.mapping import meaning, read_rules
from atlasmix.interop.importers.reading import FORMATS

GUIDES = Path(__file__).parents[2] / "docs" / "guides"
PAGE = (GUIDES / "import.md").read_text(encoding="utf-8")
LINT_PAGE = (GUIDES / "lint.md").read_text(encoding="utf-8")
CARD_PAGE = (GUIDES / "cards.md").read_text(encoding="utf-8")


def test_every_format_has_a_row():
    assert re.findall(r"^\| `([a-z][a-z-]*)` \| ", PAGE, re.MULTILINE)[: len(FORMATS)] == list(
        FORMATS
    )
    assert re.findall(r"^\| `([a-z][a-z-]*)` \| ", CARD_PAGE, re.MULTILINE) == list(CARDS)


def test_the_mapping_of_the_page_reads_real_prefixes():
    rules = read_rules(yaml.safe_load(re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)[1]), "page")
    told = {
        prefix: meaning(Entry(prefix, 1.0, ""), rules, "unknown", "x")
        for prefix in (
            "hplt-3.0/megatron-lm/gle_Latn",
            "finepdfs-edu-1.0/megatron-lm/nno_Latn",
            "nemotron-cc-tower+-0.1/megatron-lm/tower72b/spa_Latn",
            "dclm-1.0/megatron-lm",
            "starcoder-10p-sample/starcoder-10p-sample",
        )
    }
    found = [(one.language, one.provenance, one.corpus, one.other) for one in told.values()]
    assert found == [
        ("gle", "human", "hplt-v3", ""),
        ("nno", "human", "finepdfs-edu", ""),
        ("spa", "translated", "tower72b", ""),
        ("eng", "human", "dclm", ""),
        ("", "", "", "code"),
    ]
    assert told["finepdfs-edu-1.0/megatron-lm/nno_Latn"].counts == "finepdfs-edu-1.0.0/nno_Latn"


def test_the_kinds_that_strict_does_not_let_pass_are_told():
    rows = re.findall(r"^\| `(\w+)` \| (fault|note) \|", LINT_PAGE, re.MULTILINE)
    assert {kind for kind, level in rows if level == "fault"} == set(FAULTS)
