"""What an exporter is: facts about a framework, and a function from a plan to its files."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, Final, Literal

from atlasmix.errors import ProblemError
from atlasmix.interop.exporters.plan import Plan, PlannedPhase, Source
from atlasmix.text import did_you_mean

_WIDTH: Final = 72
"""Of commands: two blanks stand before them, and a page has 80."""

Unit = Literal["tokens", "documents", "epochs"]
"""What a framework's weights count. ``epochs`` is for those that take passes over each pool."""


@dataclass(frozen=True, slots=True)
class PathRule:
    """How a framework reads a path; what it would misread is refused.

    Attributes:
        needed: whether the files name paths at all.
        what: what a path must be there, for messages.
        several: what becomes of a pool with several paths: ``list`` them under one weight, or
            ``divide`` the weight by the tokens that lie in each, which must then be known.
        spaces: whether a path may hold blanks.
        numbers: whether a path may look like a number.
        patterns: whether the framework itself expands ``*``, ``?`` and ``[``.
        forbidden: texts with a meaning of their own there.
        endings: endings that the framework adds itself.
    """

    needed: bool = True
    what: str = "a path"
    several: Literal["list", "divide"] = "list"
    spaces: bool = True
    numbers: bool = True
    patterns: bool = True
    forbidden: tuple[str, ...] = ()
    endings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Checked:
    """How the format was verified.

    Attributes:
        how: ``executed``: the real package loads what is exported, in this project's tests;
            ``by hand``: a test does so where the package is installed, which is too large for CI;
            ``read``: only its source was read, and nothing here has executed it; ``own``: a format
            of this project.
        source: package and version, or repository, file and commit.
        date: when, as YYYY-MM-DD.
    """

    how: Literal["executed", "by hand", "read", "own"]
    source: str
    date: str


@dataclass(frozen=True, slots=True)
class Export:
    """What an exporter wrote.

    Attributes:
        files: relative path to content.
        load: how the framework is told to read them: commands or code, as they are typed.
        notes: sentences on what the framework makes of this mixture.
        plan: what will really be read, where the framework's own rounding changes the plan.
    """

    files: Mapping[str, str]
    load: str
    notes: tuple[str, ...] = ()
    plan: Plan | None = None


@dataclass(frozen=True, slots=True)
class Exporter:
    """One framework.

    Attributes:
        name: by which it is asked for.
        title: as its makers write it.
        unit: what its weights count.
        documents: whether the mean length of documents is needed, only welcome, or of no use.
        repetition: how repeats are controlled there, in a few words.
        stages: whether one file holds all phases (``native``), or each phase has ``files``.
        most_sources: entries that its index can hold, or None.
        paths: how it reads a path.
        checked: how the format was verified.
        write: the files of a plan.
    """

    name: str
    title: str
    unit: Unit
    repetition: str
    checked: Checked
    write: Callable[[Plan], Export]
    stages: Literal["native", "files"] = "files"
    documents: Literal["needed", "welcome", "unused"] = "unused"
    most_sources: int | None = None
    paths: PathRule = field(default_factory=PathRule)


def no_cap(title: str) -> str:
    """The note of a framework that reads a source as often as its weight wants."""
    return (
        f"{title} repeats without a word and has no cap: these weights keep to the caps at this "
        "budget and at no larger one."
    )


def one_file_a_phase(
    write_phase: Callable[[Plan, PlannedPhase], Export],
) -> Callable[[Plan], Export]:
    """A ``write`` from a function that writes one phase.

    One phase: its files stand at the top. Several: each stands in a folder of its own, and
    ``stages.json`` lists the steps at which to go on with the next.
    """

    def write(plan: Plan) -> Export:
        if len(plan.phases) == 1:
            return write_phase(plan, plan.phases[0])
        files: dict[str, str] = {}
        notes: list[str] = []
        load = "# phase after phase, each from the last checkpoint; steps: stages.json"
        for number, phase in enumerate(plan.phases):
            done = write_phase(plan, phase)
            folder = phase_folder(number, phase)
            files |= {f"{folder}/{name}": text for name, text in done.files.items()}
            notes += [note for note in done.notes if note not in notes]
            if number == 0:
                load += f"\n# in {folder}, and so in each:\n{done.load}"
        files["stages.json"] = stages_json(plan)
        both = [
            name for name in plan.pools if sum(name in phase.shares for phase in plan.phases) > 1
        ]
        if both:
            notes.append(
                "Each phase begins its pools anew: what is read of a pool in two phases may be the "
                "same text twice, although the epochs are counted on. Change the seed, as "
                "stages.json does, or give each phase files of its own."
            )
        return Export(files, load, tuple(notes))

    return write


def phase_folder(number: int, phase: PlannedPhase) -> str:
    """``phase-1-main``: in the order of training."""
    return f"phase-{number + 1}-{phase.key}"


def stages_json(plan: Plan) -> str:
    """When each phase begins, for consumers that know one mixture a run."""
    stages = [
        {
            "phase": phase.name,
            "folder": phase_folder(number, phase),
            "first_step": phase.first_step,
            "steps": phase.steps,
            "tokens": phase.steps * plan.run.step_tokens,
            "seed": phase.seed,
        }
        for number, phase in enumerate(plan.phases)
    ]
    return json_text({"schema": "atlasmix/stages/1", "stages": stages})


def shell(*words: str) -> str:
    """A command, or words of one, in lines that fit a page and can be pasted.

    >>> len(shell("swift", "pt", "--dataset", "x" * 60, "--seed", "1234").splitlines())
    3
    """
    lines = [""]
    for word in words:
        if lines[-1].strip() and len(lines[-1]) + len(word) > _WIDTH:
            lines.append("  ")
        lines[-1] += f"{word} "
    return " \\\n".join(line.rstrip() for line in lines)


def json_text(content: Any) -> str:
    """JSON as the files hold it: indented, readable, the same bytes each time."""
    return json.dumps(content, ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def rows_by_place(plan: Plan, phase: PlannedPhase) -> list[tuple[Source, int]]:
    """Documents to take of each path, at least 1, to the nearest; one source a path."""
    counts = plan.documents(phase)
    whole = sum(count for count in counts.values() if count is not None)
    return [
        (source, max(round(whole * source.weight), 1))
        for source in plan.by_documents_and_place(phase)
    ]


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

LACKING: Final = {
    "torchtitan": "torchtitan takes a mixture in Python alone, and its classes for that changed "
    "twice in a year (HFDataSource in 0.3.0, DatasetMixConfig since), so no file holds one: pass "
    "it the weights of megatron where rows are packed before they are mixed, else those of hf",
    "energon": "Megatron Energon blends the samples of prepared WebDatasets, and how long those "
    "are is decided where they are prepared, so no weight is a share of tokens: write the mixture "
    "to disk with token-budget, and blend its parts by their numbers of samples",
}
"""Frameworks that take weights, and what they lack for a file of ours to hold them."""


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
    if framework in LACKING:
        raise ProblemError(LACKING[framework], field="to", value=name)
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
