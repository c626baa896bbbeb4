"""The runs of RegMix as tables of w_SOURCE and loss_SET, from the files of its repository.

    python scripts/data/regmix_runs.py FOLDER

FOLDER holds regmix_{train,test}_mixture_1m.csv and regmix_{train,test}_pile_loss_1m.csv (Liu et al.
2024, arXiv 2407.01492, repository sail-sg/regmix, MIT). Joined on the run's id; names without what
all of them begin and end with; figures letter by letter.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

from atlasmix.io.shipped import data_folder
from atlasmix.io.tables import to_csv


def rows_of(path: Path) -> tuple[list[str], dict[str, list[str]]]:
    """Header and, by the run's id, the cells of a file."""
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = list(csv.reader(file))
    return header[1:], {row[0]: row[1:] for row in rows}


def table(folder: Path, part: str) -> bytes:
    """One table, sorted by the run's id."""
    sources, weights = rows_of(folder / f"regmix_{part}_mixture_1m.csv")
    sets, losses = rows_of(folder / f"regmix_{part}_pile_loss_1m.csv")
    if weights.keys() != losses.keys():
        raise SystemExit(f"{part}: the two files hold different runs")
    header = (
        "run",
        *(f"w_{name.removeprefix('train_the_pile_')}" for name in sources),
        *(
            f"loss_{name.removeprefix('metric/the_pile_').removesuffix('_val_loss')}"
            for name in sets
        ),
    )
    rows = tuple((run, *weights[run], *losses[run]) for run in sorted(weights, key=int))
    return to_csv(header, rows)


def main() -> None:
    """Write both tables."""
    folder = Path(sys.argv[1])
    for part, name in (("train", "regmix-1m.csv"), ("test", "regmix-1m-test.csv")):
        (data_folder() / "runs" / name).write_bytes(table(folder, part))


if __name__ == "__main__":
    main()
