"""``atlasmix matrices``: the transfer matrices on the shelf."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING

from atlasmix.cli.parsing import Parser, add_json
from atlasmix.cli.reading_options import language_file
from atlasmix.cli.shelf_actions import Shelf, add_shelf_actions

if TYPE_CHECKING:
    from atlasmix.evidence.store import Store
    from atlasmix.evidence.transfer_matrix import TransferMatrix
    from atlasmix.report.blocks import Table
    from atlasmix.transfer.model import TransferModel

EXAMPLE = "atlasmix matrices show atlasmix-2026 --target cat"
_MOST_DONORS = 25
_PAIRS = ("stderr", "files", "extra")  # of a card: tuples of pairs that are mappings


_SHELF = Shelf(
    command="matrices",
    noun="matrix",
    default="atlasmix-2026",
    about=(
        "one line about each matrix",
        "what a matrix says, and the donors of a target",
        "check your own scores and put them on the shelf",
    ),
    example=EXAMPLE,
    table="CSV, Parquet or JSON Lines: source, target, score[, stderr, status], or square",
    card="YAML: what the scores mean",
)

_COMPLETION = (
    "fill the pairs that a matrix lacks",
    """\
atlasmix matrices complete --matrix mine --name mine-completed
atlasmix matrices complete --matrix atlasmix-2026 --text scn=sicilian.txt --name with-scn
atlasmix matrices complete --matrix domains --features domains.csv""",
)


def add_arguments(parser: Parser) -> None:
    """Actions and their options."""
    further = {"complete": _COMPLETION, "plan": _PLANNING}
    actions = add_shelf_actions(parser, _SHELF, _list, _show, further)
    actions["show"].add_argument(
        "--target", metavar="LANG", help="list every donor of this language, best first"
    )
    actions["show"].add_argument(
        "--law",
        metavar="NAME",
        help="with --target: the law that weights are estimated under (default: the one of solve)",
    )
    _add_completion(actions["complete"])
    _add_planning(actions["plan"])


_PLANNING = (
    "the pairs whose measuring would lower the regret of a mixture most, and what they cost",
    """\
atlasmix matrices plan --target glg --pairs 5
atlasmix matrices plan --target glg --run-params 300M --run-tokens 6B --gpu H100""",
)


def _add_planning(parser: Parser) -> None:
    from atlasmix.cli.question_options import (
        add_draw_options,
        add_hardware_options,
        add_question_options,
    )

    add = parser.add_argument_group("the plan").add_argument
    add("--pairs", metavar="N", help="how many pairs (default: 5)")
    add("--run-params", metavar="N", help="parameters of the runs (default: as the matrix)")
    add(
        "--run-tokens",
        metavar="D",
        help="most tokens of a run of one language alone (default: as the matrix)",
    )
    add("--run-error", metavar="E", help="standard error of a score (default: as the matrix)")
    add("--report", metavar="FILE", help="write the plan as one page, .html or .md")
    add_question_options(parser)
    add_draw_options(parser)
    add_hardware_options(parser)
    add_json(parser)
    parser.set_defaults(execute=_plan)


def _plan(options: argparse.Namespace) -> int:
    import dataclasses
    from pathlib import Path

    from atlasmix.cli.question_options import machine_of, question_of
    from atlasmix.cli.terminal import PATIENCE, counting, print_json, print_text, say
    from atlasmix.evidence.store import Store
    from atlasmix.io.plain_data import as_number
    from atlasmix.mixture.measuring import DRAWS, measuring_plan, study_of
    from atlasmix.problem.parsing import problem_from_mapping
    from atlasmix.quantities import parse_quantity
    from atlasmix.report.measuring import measuring_report
    from atlasmix.report.report import check_report
    from atlasmix.report.terminal import terminal_parts

    machine = machine_of(options)
    if options.report:
        check_report(Path(options.report))
    problem = problem_from_mapping(question_of(options), Store(options.store))
    study = study_of(problem)
    for name in ("params", "tokens"):
        written = getattr(options, f"run_{name}")
        if written:
            size = parse_quantity(written, f"--run-{name}")
            study = dataclasses.replace(study, **{name: size})
    if options.run_error:
        error = as_number(options.run_error, "--run-error", "0.03")
        study = dataclasses.replace(study, stderr=error)
    pairs = int(as_number(options.pairs or 5, "--pairs", "5"))
    draws = problem.draws or DRAWS
    with counting("drawing worlds", draws, PATIENCE) as advance:
        plan = measuring_plan(problem, pairs, study, advance=advance)
    if options.json:
        print_json(dataclasses.asdict(plan))
        return 0
    report = measuring_report(problem, plan, machine)
    if options.report:
        report.save(options.report)
        say(f"plan written to {options.report}")
    print_text(*terminal_parts(report.blocks))
    return 0


def _add_completion(parser: Parser) -> None:
    parser.add_argument("--matrix", metavar="NAME", required=True, help="the matrix to complete")
    parser.add_argument(
        "--with",
        dest="study",
        metavar="NAME",
        help="BTS between languages: the matrix whose scores stand beside yours, which win; none: "
        "your scores and the relatedness of languages alone (default: atlasmix-2026)",
    )
    parser.add_argument(
        "--features",
        metavar="TABLE",
        help="domains and other metrics: CSV or Parquet, a label and columns of numbers, whose "
        "differences between the two of a pair are its features (default: of languages how related "
        "they are, of domains none)",
    )
    parser.add_argument(
        "--text",
        dest="texts",
        metavar="LANG=FILE",
        action="append",
        help="between languages: a plain text of LANG (UTF-8, 5,000 letters or more), whose "
        "trigrams say how related it is, in the place of the Universal Declaration of Human Rights "
        "(default: that, where it has the language)",
    )
    parser.add_argument(
        "--name", help="name on the shelf (default: that of the matrix and -completed)"
    )
    parser.set_defaults(execute=_complete)


def _complete(options: argparse.Namespace) -> int:
    from atlasmix.cli.terminal import lasting
    from atlasmix.evidence.store import Store
    from atlasmix.transfer.completed_matrix import add_completed

    store = Store(options.store)
    texts = dict(language_file(written, "--text") for written in options.texts or ())
    done = add_completed(
        store, options.matrix, options.study, options.name, options.features, texts
    )
    label = store.user_place().label
    print(
        f"completed {options.matrix} as {done.name} in {label}: {done.said}; use it with "
        f"--matrix {done.name}{lasting(label)}"
    )
    return 0


def _list(options: argparse.Namespace) -> int:
    import dataclasses

    from atlasmix.cli.terminal import print_json, print_text
    from atlasmix.evidence.store import Store

    matrices = Store(options.store).list_matrices()
    if options.json:
        print_json([dataclasses.asdict(each) for each in matrices])
        return 0
    from atlasmix.report.evidence import matrices_table

    print_text(matrices_table(matrices), "\natlasmix matrices show NAME says what its scores mean.")
    return 0


def _show(options: argparse.Namespace) -> int:
    from atlasmix.cli.terminal import print_json, print_text
    from atlasmix.evidence.store import Store
    from atlasmix.problem.vocabulary import Vocabulary

    store = Store(options.store)
    matrix = store.matrix(options.name)
    target = Vocabulary(matrix).key(options.target, "--target") if options.target else ""
    if options.law and not target:
        options.parser.error("--law changes the weights of one target's donors: add --target LANG")
    model = _model(matrix, store, options.law) if target else None
    if options.json:
        print_json(_as_data(matrix, target, model))
        return 0
    from atlasmix.report.evidence import card_text
    from atlasmix.report.words import scale_words

    if target:
        print_text(*_donors(matrix, model, target))
        return 0
    facts = (
        ("metric", matrix.card.metric),
        ("scale", scale_words(*matrix.card.range)),
        ("size", _size(matrix)),
        ("measured", f"{matrix.count('measured'):,} pairs"),
        *((("own", f"{owned:,} pairs"),) if (owned := matrix.count("own")) else ()),
        ("predicted", f"{matrix.count('predicted'):,} pairs"),
        ("SHA-256", matrix.sha256),
        *matrix.card.extra,
    )
    print_text(card_text(matrix.name, matrix.card, facts))
    return 0


def _size(matrix: TransferMatrix) -> str:
    said = f"{len(matrix.keys)} x {len(matrix.keys)}"
    if matrix.card.prior:
        return f"{said}: all languages, in their scripts, and code and math"
    return f"{said}: {', '.join(matrix.keys)}"


def _model(matrix: TransferMatrix, store: Store, law: str | None) -> TransferModel | None:
    """Weights and exponents; None where scores on this scale need a calibration first."""
    from atlasmix.laws.shelf import DEFAULT_LAW, load_law
    from atlasmix.transfer.calibration import BTS, TRANSFER_WEIGHT
    from atlasmix.transfer.estimation import estimate

    known = matrix.card.metric in (BTS, TRANSFER_WEIGHT)
    return estimate(matrix, load_law(law or DEFAULT_LAW, store)) if known else None


def _donors(
    matrix: TransferMatrix, model: TransferModel | None, target: str
) -> Iterator[str | Table]:
    """The donors of a target, with τ and φ where the scores give them."""
    from atlasmix.report.evidence import (
        donors_table,
        exponent_words,
        notes_on_weights,
        weights_table,
    )
    from atlasmix.report.words import named

    yield f"Donors of {named(target)} in {matrix.name} ({matrix.card.metric}), best first"
    share = matrix.is_predicted_share(target)
    measured = f"{1 - share:.0%} of these scores are measured, {share:.0%} predicted."
    if model is not None and model.is_completed:
        measured = _kinds(model, target)
    if model is None:
        yield from ("", donors_table(matrix, target), "", measured)
        yield f"{matrix.card.metric} is no transfer weight: a solve needs --calibration."
        return
    table = weights_table(matrix, model, target, _MOST_DONORS if model.is_completed else None)
    yield from (exponent_words(model, target), "", table, "")
    yield f"τ: target tokens that a token of the donor is worth. {measured}"
    yield from notes_on_weights(model, target)


def _kinds(model: TransferModel, target: str) -> str:
    """How many donors of each kind there are; a line of the table is one of the best."""
    column = list(model.status[:, model.index(target)])
    kinds = ("measured", "own", "predicted", "completed")
    said = [f"{column.count(kind)} {kind}" for kind in kinds if kind in column]
    return f"Of all its donors, {', '.join(said)}; the best {_MOST_DONORS} are shown."


def _as_data(matrix: TransferMatrix, target: str, model: TransferModel | None) -> dict[str, object]:
    import dataclasses

    pairs: list[dict[str, object]] = [
        {"source": source, "target": key, **dataclasses.asdict(score)}
        for key in ((target,) if target else matrix.keys)
        for source, score in matrix.donors(key)
    ]
    if model is not None and model.is_completed:
        from atlasmix.report.evidence import ranked

        pairs = [
            {"source": source, "target": target, **dataclasses.asdict(matrix.pair(source, target))}
            for source in ranked(model, target)
        ]
    card = dataclasses.asdict(matrix.card)
    content: dict[str, object] = {
        "name": matrix.name,
        "sha256": matrix.sha256,
        "keys": matrix.keys,
        "card": {key: dict(card[key]) if key in _PAIRS else card[key] for key in card},
        "pairs": pairs,
    }
    if model is not None:
        column = model.index(target)
        for pair in pairs:
            place = model.index(str(pair["source"])), column
            pair["weight"] = float(model.weights[place])
            pair["weight_stderr"] = float(model.stderr[place])
            pair["residual"] = float(model.residual[place])
            pair["status"] = str(model.status[place])
        content["model"] = {
            "law": model.law,
            "calibration": model.calibration,
            "phi": float(model.phi[column]),
            "phi_stderr": float(model.phi_stderr[column]),
            "phi_measured": model.is_measured(target),
            "level": float(model.level[column]),
        }
    return content
