"""ms-swift: ``path#count`` for ``--dataset``, which repeats a source exactly where it must."""

from __future__ import annotations

from atlasmix.interop.exporters.exporter import (
    Checked,
    Export,
    Exporter,
    PathRule,
    one_file_a_phase,
    rows_by_place,
    shell,
)
from atlasmix.interop.exporters.plan import Plan, PlannedPhase


def write_phase(plan: Plan, phase: PlannedPhase) -> Export:
    """``dataset.txt``: one ``path#count`` a line, to be put after ``--dataset``."""
    lines = [f"{source.paths[0]}#{count}" for source, count in rows_by_place(plan, phase)]
    return Export(
        files={"dataset.txt": "".join(f"{line}\n" for line in lines)},
        load=(
            shell(
                "swift pt",
                "--dataset $(cat dataset.txt)",
                "--split_dataset_ratio 0",
                f"--max_length {plan.run.sequence_length}",
                f"--seed {phase.seed}",
                f"--data_seed {phase.seed}",
            )
        ),
        notes=(
            "Counts are rows: tokens / tokens per document. Above the size of a source ms-swift "
            "takes all rows as often as they fit whole, and the rest once more at random.",
            "Without --streaming: there a count is not kept.",
        ),
    )


EXPORTER = Exporter(
    name="ms-swift",
    title="ms-swift",
    unit="documents",
    documents="needed",
    repetition="count: whole passes and a rest",
    checked=Checked(
        "read",
        "ms-swift 4.6.0: swift/dataset/dataset_syntax.py, swift/dataset/utils.py",
        "2026-11-21",
    ),
    write=one_file_a_phase(write_phase),
    paths=PathRule(
        what="a file",
        several="divide",
        spaces=False,
        patterns=False,
        forbidden=("#", ":", "$", "'", '"'),
    ),
)
