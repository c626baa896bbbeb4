"""Cards without their packages: what stands in them, what never does, and the same bytes."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re

import pytest
import yaml

from atlasmix.errors import ProblemError
from atlasmix.evidence.mixture_file import GivenMixture, GivenOther, GivenPool
from atlasmix.interop.cards.eu_summary import band, distinct
from atlasmix.interop.cards.facts import CardFacts, CardOptions, facts_of_mixture, facts_of_recipe
from atlasmix.interop.cards.huggingface import hub_code
from atlasmix.interop.cards.making import FORMATS, make_card
from atlasmix.io.safe_yaml import yaml_text
from atlasmix.recipe.recipe import Recipe

DATED = CardOptions(date="2026-01-31")


@pytest.fixture
def facts(recipe: Recipe) -> CardFacts:
    return facts_of_recipe(recipe, "recipe.yaml", CardOptions())


def mixed() -> GivenMixture:
    shares = {"human": 0.5, "translated": 0.25, "generated": 0.05, "unknown": 0.1}
    pools = tuple(
        GivenPool(
            name=f"nob.{kind}.web",
            language="nob",
            provenance=kind,
            corpus="web",
            proportion=share,
            unique_tokens=1e8,
        )
        for kind, share in shares.items()
    )
    origin = {
        "atlasmix": "0.1.0",
        "format": "megatron",
        "file": "mix.txt",
        "sha256": "0" * 64,
        "mapping": "",
        "counts": "",
    }
    other = (GivenOther(name="code", proportion=0.1, unique_tokens=1e8),)
    return GivenMixture("mine", 1e9, pools, other, origin)


@pytest.mark.parametrize("form", FORMATS)
def test_the_same_bytes_and_no_time_that_nobody_gave(recipe: Recipe, form: str) -> None:
    options = DATED if form == "spdx" else CardOptions()
    first, second = (
        make_card(facts_of_recipe(recipe, "recipe.yaml", options), form, "card.json")
        for _ in range(2)
    )
    assert first == second
    text = "".join(first.values())
    # Years stand in names and in the date of the template; days only where the user gave one.
    days = set(re.findall(r"\b20\d\d-\d\d-\d\d\b", text)) - {"2025-07-24", options.date}
    assert not days
    assert not re.search(r"\d\d:\d\d:\d\d", text.replace("T00:00:00", ""))


def test_spdx_refuses_to_make_a_date_up(facts: CardFacts) -> None:
    with pytest.raises(ProblemError, match="none is made up: give the date"):
        make_card(facts, "spdx", "card.json")


def test_croissants_table_is_the_recipe_and_its_hash_is_right(
    recipe: Recipe, facts: CardFacts
) -> None:
    files = make_card(facts, "croissant", "card.json")
    assert set(files) == {"card.csv", "card.json"}
    rows = list(csv.DictReader(io.StringIO(files["card.csv"])))
    assert [row["pool"] for row in rows] == [pool.name for pool in recipe.pools]
    assert sum(float(row["proportion"]) for row in rows) == pytest.approx(1, abs=1e-9)
    assert [int(row["tokens"]) for row in rows] == [pool.tokens for pool in recipe.pools]
    card = json.loads(files["card.json"])
    assert card["conformsTo"] == "http://mlcommons.org/croissant/1.1"
    file = card["distribution"][0]
    assert file["sha256"] == hashlib.sha256(files["card.csv"].encode()).hexdigest()
    assert file["contentUrl"] == "card.csv"
    columns = [field["source"]["extract"]["column"] for field in card["recordSet"][0]["field"]]
    assert columns == list(rows[0])
    derived = [one["prov:label"] for one in card["prov:wasDerivedFrom"]]
    assert derived == list(dict.fromkeys(pool.corpus for pool in recipe.pools))
    assert "datePublished" not in card
    used = card["prov:wasGeneratedBy"]["prov:used"]
    assert {"@id": f"urn:sha256:{recipe.origin['matrix']['sha256']}"}.items() <= used[0].items()


def test_the_hubs_yaml_quotes_no_and_keeps_the_proportions() -> None:
    text = make_card(facts_of_mixture(mixed(), DATED), "huggingface", "README.md")["README.md"]
    head = text.split("---\n")[1]
    data = yaml.safe_load(head)
    assert data["language"] == ["nb"]
    assert data["atlasmix"]["proportions"] == {"nob": 0.9}
    assert data["atlasmix"]["provenance"]["translated"] == 0.25
    assert data["atlasmix"]["date"] == "2026-01-31"
    # The writer of all cards: a bare no would be read as false.
    assert yaml.safe_load(yaml_text({"language": ["no", "yes", "on"]})) == {
        "language": ["no", "yes", "on"]
    }
    assert "'no'" in yaml_text({"language": ["no"]})


@pytest.mark.parametrize(
    ("key", "code"),
    [
        ("cat", "ca"),
        ("nob", "nb"),
        ("ekk", "et"),
        ("lvs", "lv"),
        ("srp_Latn", "sr"),
        ("ast", "ast"),
    ],
)
def test_the_hubs_codes(key: str, code: str) -> None:
    assert hub_code(key) == code


def test_prov_json_ties_every_end(recipe: Recipe, facts: CardFacts) -> None:
    content = json.loads(make_card(facts, "prov", "p.json")["p.json"])
    known = {*content["entity"], *content["activity"], *content["agent"]}
    for relation in ("wasGeneratedBy", "used", "wasDerivedFrom", "wasAssociatedWith"):
        for one in content[relation].values():
            assert set(one.values()) <= known, relation
    assert len(content["wasDerivedFrom"]) == len({pool.corpus for pool in recipe.pools})
    assert f"sha256:{recipe.origin['matrix']['sha256']}" in content["entity"]


def test_the_eu_summary_adds_up_synthetic_text_and_tells_what_it_does_not_know() -> None:
    text = make_card(facts_of_mixture(mixed(), CardOptions()), "eu-summary", "s.md")["s.md"]
    assert "| **together** | 30% | 300,000,000 (300M) |" in text
    assert "| translated | 25% | 250,000,000 (250M) |" in text
    assert "Of 20% of the tokens the provenance is not known" in text
    assert "| Norwegian Bokmål (nob) | 90% |" in text
    assert "| no single language (code, mathematics, ...) | 10% |" in text
    # 100M of each of the large pools, 50M of the generated one, 100M of unknown and code each.
    assert "| Distinct tokens read | 450,000,000 (450M) |" in text
    assert text.count("_for the provider_") >= 6


def test_distinct_tokens_are_those_read_at_least_once(recipe: Recipe, facts: CardFacts) -> None:
    expected = sum(min(pool.tokens, pool.unique_tokens) for pool in recipe.pools)
    assert distinct(facts) == expected


@pytest.mark.parametrize(
    ("tokens", "words"),
    [
        (9e8, "less than 1 billion tokens"),
        (1e12, "1 billion to 10 trillion tokens"),
        (2e13, "more than 10 trillion tokens"),
    ],
)
def test_bands_of_the_template(tokens: float, words: str) -> None:
    assert band(tokens) == words


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (CardOptions(date="31.1.2026"), "date is '31.1.2026': expected YYYY-MM-DD"),
        (CardOptions(date="2026-13-01"), "expected YYYY-MM-DD"),
        (CardOptions(name="a\nb"), "name is"),
        (CardOptions(url="ftp://x"), "url is 'ftp://x'"),
    ],
)
def test_options_that_no_card_can_carry(recipe: Recipe, options: CardOptions, said: str) -> None:
    with pytest.raises(ProblemError, match=re.escape(said)):
        facts_of_recipe(recipe, "recipe.yaml", options)


def test_an_unknown_card_is_refused_with_the_nearest(facts: CardFacts) -> None:
    with pytest.raises(ProblemError, match="did you mean croissant"):
        make_card(facts, "croisant", "x.json")
    with pytest.raises(ProblemError, match=r"choose another ending"):
        make_card(facts, "croissant", "x.csv")
