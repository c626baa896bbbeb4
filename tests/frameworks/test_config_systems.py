"""Hydra and OmegaConf take every exported YAML as PyYAML does, and its keys can be overridden."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

GOLDEN = Path(__file__).parents[1] / "interop" / "exporters" / "golden"
FILES = [path for path in sorted(GOLDEN.glob("*/*.y*ml")) if path.name != "megatron.yaml"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_omegaconf_and_pyyaml_read_the_same(path: Path) -> None:
    plain = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert OmegaConf.to_container(OmegaConf.load(path), resolve=True) == plain
    assert numbers(plain), "a number that one of them takes for a text is none"


def numbers(content: Any) -> list[float]:
    if isinstance(content, dict):
        return [found for value in content.values() for found in numbers(value)]
    if isinstance(content, list):
        return [found for value in content for found in numbers(value)]
    return [content] if isinstance(content, int | float) else []


def test_a_weight_can_be_overridden_on_the_command_line(tmp_path: Path) -> None:
    """A dot in a key would break this: mix.cat.human.hplt-v4.weight."""
    (tmp_path / "run.yaml").write_text((GOLDEN / "olmix" / "mix.yaml").read_text())
    with initialize_config_dir(str(tmp_path), version_base=None):
        found = compose("run", overrides=["mix.cat__human__hplt_v4.weight=0.5"])
    assert found.mix.cat__human__hplt_v4.weight == 0.5
