"""Names that are safe in YAML, Hydra, Megatron and a shell, whatever a corpus is called."""

from __future__ import annotations

import re

import pytest
import yaml
from export_samples import export, recipe_of
from hypothesis import given, settings
from hypothesis import strategies as st
from yaml_rules import number_like

from atlasmix.errors import DataError
from atlasmix.interop.exporters.planning import safe_key, safe_keys
from atlasmix.io.safe_yaml import yaml_text


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=30))
def test_any_name_becomes_a_plain_word(name: str) -> None:
    key = safe_key(name)
    assert re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", key)
    assert not number_like(key)
    assert yaml.safe_load(f"{key}: {key}") == {key: key}


@pytest.mark.parametrize("word", ["no", "on", "y", "1e5", "nan", "inf", "null", "007", "", "é"])
def test_words_that_yaml_turns_are_changed(word: str) -> None:
    key = safe_key(word)
    assert not number_like(key)
    assert yaml.safe_load(f"{key}: 1") == {key: 1}


def test_norwegian_stays_a_text_everywhere() -> None:
    """The trap: a bare no is false to YAML 1.1."""
    assert yaml.safe_load("no: 1") == {False: 1}
    assert yaml.safe_load(yaml_text({"no": "no"})) == {"no": "no"}
    files = export("olmo-core", recipe_of({"nob.human.no": (1000, 1000)})).files
    source = yaml.safe_load(files["source_mixture.yaml"])["sources"][0]
    assert source["source_name"] == "nob__human__no"


def test_two_names_that_become_one_are_refused() -> None:
    pools = {"cat.human.hplt-v4": (1000, 1000), "cat.human.hplt_v4": (1000, 1000)}
    with pytest.raises(DataError, match=r"rename a corpus") as caught:
        export("megatron", recipe_of(pools))
    assert "cat__human__hplt_v4: cat.human.hplt-v4 and cat.human.hplt_v4" in str(caught.value)
    assert safe_keys(["a.b.c"]) == {"a.b.c": "a__b__c"}


def test_a_text_that_looks_like_a_number_is_quoted() -> None:
    """PyYAML writes 1e5 bare, because it reads it as a text itself; OmegaConf reads a number."""
    assert yaml.safe_dump("1e5").startswith("1e5")
    assert yaml_text(["1e5", "nan", "12:30"]).count("'") == 6
