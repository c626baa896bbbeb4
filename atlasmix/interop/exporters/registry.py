"""Which frameworks there are: one module each, and those that can take no weights."""

from __future__ import annotations

from importlib import import_module
from typing import Final

from atlasmix.errors import ProblemError
from atlasmix.interop.exporters.exporter import Exporter
from atlasmix.text import did_you_mean

MODULES: Final = (
    "megatron",
    "nemo",
    "olmo_core",
    "olmix",
    "hf",
    "mosaicml",
    "gpt_neox",
    "regmix",
    "maxtext",
    "nanotron",
    "levanter",
    "llama_factory",
    "ms_swift",
    "token_budget",
)
"""A new exporter is a module of this folder with a name ``EXPORTER``, and one line here."""

ALIASES: Final = {
    "megatron-lm": "megatron",
    "megatron-core": "megatron",
    "huggingface": "hf",
    "datasets": "hf",
    "streaming": "mosaicml",
    "llm-foundry": "mosaicml",
    "tinyllama": "regmix",
    "grain": "maxtext",
    "marin": "levanter",
    "olmo": "olmo-core",
    "swift": "ms-swift",
}

REFUSED: Final = {
    "axolotl": "Axolotl has no weights, and drops a key 'weight' without a word (axolotl 0.19.0)",
    "torchtune": "torchtune joins its data sets end to end, without weights",
    "litgpt": "LitGPT takes no weights from a configuration",
    "unsloth": "Unsloth has no mixing of its own",
}
INSTEAD: Final = {
    "axolotl": "write the mixture to disk with token-budget and point datasets at it",
    "torchtune": "write the mixture to disk with token-budget and point dataset at it",
    "litgpt": "call litdata.CombinedStreamingDataset with the weights of megatron, or write the "
    "mixture to disk with token-budget",
    "unsloth": "pass it the data set that the loader of hf makes",
}


def all_exporters() -> tuple[Exporter, ...]:
    """Every exporter, in the order of the list."""
    return tuple(_load(module) for module in MODULES)


def find_exporter(name: str) -> Exporter:
    """The exporter of this name.

    Raises:
        ProblemError: a framework that takes no weights, with what to do instead; or none at all.
    """
    framework = name.strip().casefold().replace("_", "-").replace(" ", "-")
    framework = ALIASES.get(framework, framework)
    if framework in REFUSED:
        raise ProblemError(f"{REFUSED[framework]}: {INSTEAD[framework]}", field="to", value=name)
    module = framework.replace("-", "_")
    if module in MODULES:
        return _load(module)
    known = [each.replace("_", "-") for each in MODULES]
    hint = did_you_mean(framework, [*known, *ALIASES, *REFUSED], " ")
    raise ProblemError(
        f"no framework {name[:40]!r}: {hint}expected one of {', '.join(known)}",
        field="to",
        value=name,
    )


def _load(module: str) -> Exporter:
    exporter: Exporter = import_module(f"atlasmix.interop.exporters.{module}").EXPORTER
    return exporter
