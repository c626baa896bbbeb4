"""``atlasmix measure``: transfer from own loss curves, and its proxies from own texts."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from atlasmix.cli.log_options import add_log_options, log_reading
from atlasmix.cli.parsing import Parser, add_actions, add_json, add_store
from atlasmix.cli.reading_options import add_columns, columns_of, quantity

if TYPE_CHECKING:
    from atlasmix.evidence.new_matrix import NewMatrix

EXAMPLE = "atlasmix measure curves curves.csv --save ours"

_CURVES = (
    "Bilingual Transfer Scores from loss curves of runs on one and on two languages",
    """\
atlasmix measure curves curves.csv --save ours
atlasmix measure curves mono.csv both.csv --at 20B,10B --output scores.csv""",
)


_TEXTS = (
    "proxies of transfer from samples of text alone, which order donors by shared words",
    """\
atlasmix measure text cat=cat.txt spa=spa.txt eng=eng.txt --save our-proxies
atlasmix measure text eng=e.txt spa=s.txt fra=f.txt glg=g.txt --calibrate-on atlasmix-2026""",
)


def add_arguments(parser: Parser) -> None:
    """Actions and their options."""
    actions = add_actions(parser, {"curves": _CURVES, "text": _TEXTS})
    _add_curves(actions["curves"])
    _add_text(actions["text"])


def _add_text(parser: Parser) -> None:
    parser.add_argument(
        "texts",
        metavar="LANG=FILE",
        nargs="+",
        help="plain text in UTF-8 for each language, sentences or paragraphs on lines of their "
        "own: 190,000 characters, and 340,000 for a whole control; no translations of each other",
    )
    parser.add_argument("--characters", metavar="N", help="read of each language (default: 150000)")
    parser.add_argument("--seeds", metavar="N", help="samples that are drawn (default: 2)")
    parser.add_argument(
        "--allow-parallel",
        action="store_true",
        help="only warn of texts that are translations line by line",
    )
    parser.add_argument(
        "--calibrate-on",
        metavar="MATRIX",
        help="fit a line from proxy to BTS on the pairs that MATRIX has measured; with --save or "
        "--output also write the BTS that it predicts of others, as NAME-bts",
    )
    _add_outputs(parser)
    parser.set_defaults(execute=_text)


def _add_curves(parser: Parser) -> None:
    parser.add_argument(
        "curves",
        metavar="CURVES",
        nargs="+",
        help="CSV, Parquet or JSON Lines: a row a checkpoint with languages (cat, or cat+spa), "
        "tokens (of all languages), and language and loss, or loss_LANG (and run, seed, params, "
        "phase, batch, vocabulary, share_LANG); or logs of the runs, files or folders, and perhaps "
        "a table of run and languages",
    )
    parser.add_argument(
        "--at",
        metavar="TOKENS",
        help="d_mono: tokens of the target alone, one or several, as 20B,10B; the matrix is of the "
        "first (default: the last that every target has alone, its half and its quarter)",
    )
    parser.add_argument("--params", metavar="N", help="the size, where the table does not tell")
    add_columns(parser, "languages=, tokens=, language=, loss=, run=, phase= ...")
    add_log_options(parser, "language", every=True)
    _add_outputs(parser)
    parser.add_argument(
        "--write-runs",
        metavar="CSV",
        help="write all runs, at any shares and sizes, as atlasmix fit --law mixing takes them",
    )
    parser.set_defaults(execute=_curves)


def _add_outputs(parser: Parser) -> None:
    parser.add_argument("--save", metavar="NAME", help="put the matrix onto your shelf")
    parser.add_argument(
        "--output",
        metavar="CSV",
        help="write the matrix, and its card beside it, as atlasmix matrices add takes them",
    )
    parser.add_argument("--licence", metavar="TEXT", help="of the scores (default: not stated)")
    parser.add_argument("--source", metavar="TEXT", help="of the scores (default: the files)")
    add_store(parser)
    add_json(parser)


def _curves(options: argparse.Namespace) -> int:
    from dataclasses import replace
    from pathlib import Path

    from atlasmix.cli.terminal import print_json, print_text, working
    from atlasmix.evidence.new_matrix import Origin
    from atlasmix.fitting.curve_matrix import runs_table, score_matrix
    from atlasmix.fitting.curve_scores import CurveQuestion, scores_of_curves
    from atlasmix.fitting.loss_curves import read_curves
    from atlasmix.interop.trackers.run_inputs import read_curve_inputs
    from atlasmix.io.files import write_atomic
    from atlasmix.io.tables import joined, to_csv
    from atlasmix.report.curves import curve_blocks, curve_data
    from atlasmix.report.terminal import terminal_parts

    _check_outputs(options)
    how = CurveQuestion(_anchors(options.at), quantity(options.params, "--params"))
    with working("reading curves"):
        inputs = read_curve_inputs(options.curves, log_reading(options), options.logs or "")
    table = joined([file.rows for file in inputs.files], "the curves")
    read = read_curves(table, columns_of(options))
    read = replace(read, notes=(*inputs.notes, *read.notes))
    origin = Origin(
        tuple((file.name, file.sha256) for file in inputs.files),
        options.source or "",
        options.licence or "",
    )
    if options.write_runs:
        runs = runs_table(read.curves, read.what)
        write_atomic(Path(options.write_runs), to_csv(runs.header, runs.rows))
    with working("drawing lines through curves"):
        scores = scores_of_curves(read, how)
    matrix = score_matrix(scores, origin) if options.save or options.output else None
    done = _write(options, matrix)
    if options.json:
        print_json(curve_data(scores, origin))
        return 0
    if options.write_runs:
        done.append(
            f"Runs written to {options.write_runs}: atlasmix fit {options.write_runs} --law mixing"
        )
    if matrix is None:
        done.append("Add --save NAME to keep the matrix on your shelf, --output CSV as a file.")
    print_text(*terminal_parts(curve_blocks(scores)), "", *done)
    return 0


def _anchors(text: str | None) -> tuple[float, ...]:
    from atlasmix.quantities import parse_quantity

    return tuple(parse_quantity(part, "--at") for part in text.split(",")) if text else ()


def _text(options: argparse.Namespace) -> int:

    from atlasmix.cli.reading_options import language_file, whole
    from atlasmix.cli.terminal import PATIENCE, counting, print_json, print_text
    from atlasmix.evidence.new_matrix import Origin
    from atlasmix.evidence.store import Store
    from atlasmix.evidence.trigrams import read_texts
    from atlasmix.report.proxies import proxy_blocks, proxy_data
    from atlasmix.report.terminal import terminal_parts
    from atlasmix.transfer.proxy_matrix import calibrate, calibrated_matrix, proxy_matrix
    from atlasmix.transfer.text_proxy import MOST_SEEDS, SEEDS, TRAINED, steps, text_proxies

    beside = "-bts" if options.calibrate_on else ""
    _check_outputs(options, beside)
    seeds = whole(options.seeds, "--seeds", SEEDS, most=MOST_SEEDS)
    characters = whole(options.characters, "--characters", TRAINED)
    files = _language_files([language_file(each, "a text") for each in options.texts])
    texts, digests = read_texts(files)
    origin = Origin(digests, options.source or "", options.licence or "")
    matrix = Store(options.store).matrix(options.calibrate_on) if options.calibrate_on else None
    with counting("texts", steps(len(texts), seeds), PATIENCE) as advance:
        proxies = text_proxies(texts, characters, seeds, options.allow_parallel, advance)
    calibration = None if matrix is None else calibrate(proxies, matrix)
    kept = options.save or options.output
    made = proxy_matrix(proxies, origin) if kept else None
    predicted = None
    if kept and matrix is not None and calibration is not None:
        predicted = calibrated_matrix(proxies, calibration, matrix, origin)
    done = _write(options, made)
    if predicted is not None:
        done += _write(options, predicted, beside)
    if options.json:
        print_json(proxy_data(proxies, origin, calibration))
        return 0
    if not kept:
        done.append("Add --save NAME to keep the matrix on your shelf, --output CSV as a file.")
    print_text(*terminal_parts(proxy_blocks(proxies, calibration)), "", *done)
    return 0


def _language_files(named: list[tuple[str, str]]) -> dict[str, str]:
    """Language to file.

    Raises:
        ProblemError: a language twice.
    """
    from atlasmix.errors import ProblemError

    files = dict(named)
    if len(files) < len(named):
        keys = [key for key, _ in named]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ProblemError(f"{twice} has two texts: put them into one file")
    return files


def _check_outputs(options: argparse.Namespace, beside: str = "") -> None:
    """Refuse what cannot be written before anything is computed.

    Args:
        options: of the command.
        beside: what a second name on the shelf ends with.
    """
    from pathlib import Path

    from atlasmix.errors import ProblemError
    from atlasmix.evidence.shelf import MATRICES, free_name
    from atlasmix.evidence.store import Store

    if options.save:
        for name in dict.fromkeys((options.save, options.save + beside)):
            free_name(Store(options.store).user_place(), MATRICES, name)
    for path in (options.output, getattr(options, "write_runs", None)):
        if path and not Path(path).parent.is_dir():
            raise ProblemError(f"no folder {Path(path).parent}: make it, or name a file in another")


def _write(options: argparse.Namespace, matrix: NewMatrix | None, beside: str = "") -> list[str]:
    """Put the matrix where it was asked for, and say how it is used.

    Args:
        options: of the command.
        matrix: what is written; None: nothing.
        beside: what the names end with, where another matrix has those that were asked for.
    """
    from pathlib import Path

    from atlasmix.cli.terminal import lasting
    from atlasmix.evidence.new_matrix import save_matrix, write_matrix
    from atlasmix.evidence.store import Store
    from atlasmix.transfer.calibration import BTS
    from atlasmix.transfer.completed_matrix import is_of_the_default_size

    done: list[str] = []
    if matrix is None:
        return done
    if options.output:
        table = Path(options.output)
        path = table.with_name(f"{table.stem}{beside}{table.suffix}") if beside else options.output
        card = write_matrix(Path(path), matrix)
        done.append(
            f"Matrix written to {path} and {card}: atlasmix matrices add {path} --card {card}"
        )
    if options.save:
        name = options.save + beside
        place = Store(options.store).user_place()
        save_matrix(place, matrix, name)
        use = f"atlasmix matrices show {name}"
        if matrix.card.metric == BTS:
            alone = "" if is_of_the_default_size(matrix.card) else " --with none"
            use = (
                f"atlasmix matrices complete --matrix {name}{alone}, then atlasmix solve "
                f"--target LANG --matrix {name}-completed"
            )
        done.append(f"On your shelf as {name}{lasting(place.label)}: {use}")
    return done
