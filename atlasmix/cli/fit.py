"""``atlasmix fit``: the constants of a law from one's own runs, and how sure they are."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from atlasmix.cli.parsing import Parser, add_json, add_store
from atlasmix.cli.reading_options import count

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.text import Text

    from atlasmix.fitting.card import Origin
    from atlasmix.fitting.certainty import HeldOut
    from atlasmix.fitting.fit_question import FitQuestion
    from atlasmix.fitting.runs import Runs
    from atlasmix.fitting.tables import Reading
    from atlasmix.report.fit import Fitted

EXAMPLE = """\
atlasmix fit runs.csv --law atlas --output mine.yaml
atlasmix fit runs.csv --column loss=c4/val --where data=c4 --name mine"""


def add_arguments(parser: Parser) -> None:
    """Options of the command."""
    parser.add_argument(
        "table",
        help="CSV, Parquet or JSON Lines, one row a run: params, tokens, loss, and as the law "
        "needs them unique_tokens, language, languages, tokens_LANG, loss_LANG; numbers as 2B or "
        "1e9",
    )
    parser.add_argument(
        "--law",
        default="chinchilla",
        choices=("chinchilla", "data-constrained", "atlas", "mixing", "curse"),
        metavar="LAW",
        help="chinchilla (default), data-constrained, atlas, mixing or curse",
    )
    _add_table_options(parser)
    group = parser.add_argument_group("fit")
    group.add_argument(
        "--data-only", action="store_true", help="data-constrained without excess parameters"
    )
    group.add_argument(
        "--stages",
        type=int,
        choices=(1, 2),
        default=1,
        metavar="1|2",
        help="2: E, A, alpha, B and beta on runs of one epoch first (default: 1)",
    )
    group.add_argument("--tie-exponents", action="store_true", help="alpha equals beta")
    group.add_argument("--fix", metavar="NAME=VALUE", action="append", help="hold a constant")
    group.add_argument("--base", metavar="LAW", help="hold E, A, alpha, B and beta of this law")
    group.add_argument(
        "--tau",
        metavar="LANG=VALUE",
        action="append",
        help="hold a transfer weight (atlas, mixing); SOURCE:TARGET=VALUE with several targets",
    )
    group.add_argument(
        "--own-floors", action="store_true", help="mixing: an E for each of several targets"
    )
    group.add_argument("--delta", metavar="D", help="of Huber's function (default: 0.001)")
    group = parser.add_argument_group("how sure")
    group.add_argument("--bootstrap", metavar="N", help="resamples (default: 200; 0: none)")
    group.add_argument("--seed", metavar="N", help="of resamples and random splits (default: 0)")
    group.add_argument("--no-held-out", action="store_true", help="leave the held-out splits out")
    group = parser.add_argument_group("output")
    group.add_argument("--output", metavar="FILE", help="write the law's card (YAML); - is stdout")
    group.add_argument("--name", help="put the law on your shelf under this name")
    group.add_argument("--measured-on", metavar="TEXT", help="data and tokenizer, for the card")
    group.add_argument("--figure", "--plot", metavar="FILE", help="draw the fit (HTML)")
    add_store(parser)
    add_json(parser)


def _add_table_options(parser: Parser) -> None:
    group = parser.add_argument_group("table")
    group.add_argument(
        "--column",
        metavar="FIELD=COLUMN",
        action="append",
        help="which column holds params, tokens, unique_tokens, epochs, loss, compute, languages, "
        "language, run or mixture; COLUMN:B counts in billions",
    )
    group.add_argument(
        "--where", metavar="COLUMN=VALUE", action="append", help="keep these rows; also <, >, !="
    )
    group.add_argument(
        "--target",
        metavar="LANG",
        action="append",
        help="the language whose loss is fitted; several for mixing (default there: all)",
    )
    group.add_argument(
        "--unit", help="of the loss (default: nats per token); perplexity takes its logarithm"
    )
    group.add_argument(
        "--clip-unique", action="store_true", help="unique tokens are the text that was there"
    )
    group.add_argument(
        "--drop-incomplete", action="store_true", help="leave out rows without a loss"
    )
    group.add_argument(
        "--last-checkpoint", action="store_true", help="keep the last row of each run"
    )


def execute(options: argparse.Namespace) -> int:
    """Read, fit, write what was asked for, and print the report."""
    import hashlib
    from pathlib import Path

    from atlasmix.fitting.card import Origin
    from atlasmix.fitting.tables import read_runs, read_targets
    from atlasmix.io.files import read_file
    from atlasmix.io.tables import TABLE_LIMIT, read_rows

    question, reading = _question(options), _reading(options)
    content = read_file(options.table, TABLE_LIMIT)
    table = Path(options.table).name
    _check_outputs(options)
    read = read_targets if question.law == "mixing" else read_runs
    runs = read(read_rows(content, table), reading)
    origin = Origin(table, hashlib.sha256(content).hexdigest(), options.measured_on or "")
    fitted = _fit(options, runs, question, origin)
    _write(options, fitted)
    if options.output == "-":
        return 0
    if options.json:
        from atlasmix.cli.terminal import print_json
        from atlasmix.report.fit import fit_data

        print_json(fit_data(fitted))
        return 0
    from atlasmix.cli.terminal import print_text
    from atlasmix.report.fit import fit_blocks
    from atlasmix.report.terminal import terminal_parts

    print_text(*terminal_parts(fit_blocks(fitted)), "", *_ending(fitted))
    return 0


def _ending(fitted: Fitted) -> Iterator[Text]:
    """Where the law is now, and how it is used."""
    from rich.text import Text

    drives = fitted.fit.form.kind == "chinchilla" or fitted.fit.question.data_only
    use = f"atlasmix {'solve --target LANG --law' if drives else 'laws show'}"
    if fitted.fit.question.law == "curse":
        use = "atlasmix capacity --from K --to K --law"
    if fitted.figure:
        yield Text(f"Figure written to {fitted.figure}.")
    if fitted.shelf:
        yield Text(f"On your shelf as {fitted.name}: {use} {fitted.name}")
    if fitted.card:
        yield Text(f"Card written to {fitted.card}: {use} {fitted.card}")
    if not fitted.shelf and not fitted.card:
        yield Text(
            "Add --output mine.yaml to keep the law, or --name mine to put it on your shelf."
        )


def _fit(options: argparse.Namespace, runs: Runs, question: FitQuestion, origin: Origin) -> Fitted:
    from atlasmix.cli.terminal import counting, working
    from atlasmix.fitting.certainty import bootstrap, diagnose, held_out, split_names
    from atlasmix.fitting.fit import fit
    from atlasmix.report.fit import Fitted

    seed, resamples = (
        count(options.seed, "--seed", 0),
        count(options.bootstrap, "--bootstrap", 200),
    )
    with working("fitting"):
        fitted = fit(runs, question)
    intervals = None
    if resamples:
        with counting("resamples", resamples) as advance:
            intervals = bootstrap(fitted, resamples, seed, advance)
    splits: tuple[HeldOut, ...] = ()
    if not options.no_held_out:
        with counting("held-out splits", len(split_names(runs))) as advance:
            splits = held_out(fitted, seed, advance)
    return Fitted(
        name=options.name or _stem(options),
        fit=fitted,
        intervals=intervals,
        splits=splits,
        diagnosis=diagnose(fitted, intervals),
        origin=origin,
        card=options.output or "",
        shelf=bool(options.name),
        figure=options.figure or "",
    )


def _stem(options: argparse.Namespace) -> str:
    """A name for the card that may stand on a shelf."""
    import re
    from pathlib import Path

    given = options.output if options.output not in (None, "-") else options.table
    words = re.sub(r"[^a-z0-9.]+", "-", Path(given).stem.lower()).strip("-.")
    return words[:64] or "fitted"


def _check_outputs(options: argparse.Namespace) -> None:
    """Refuse a name or a figure that cannot be written before minutes are spent on it."""
    from atlasmix.errors import DataError
    from atlasmix.evidence.shelf import check_name
    from atlasmix.evidence.store import Store
    from atlasmix.laws.shelf import law_cards

    if options.figure:
        from pathlib import Path

        from atlasmix.report.figures.drawing import check_figure

        check_figure(Path(options.figure))
    if options.name:
        check_name(options.name, "law")
        if options.name in dict(law_cards(Store(options.store))):
            raise DataError(
                f"law '{options.name}' is on the shelf already and is never changed in place: "
                f"'atlasmix laws remove {options.name}' first, or choose another --name"
            )


def _write(options: argparse.Namespace, fitted: Fitted) -> None:
    from pathlib import Path

    from atlasmix.evidence.store import Store
    from atlasmix.fitting.card import card_data, card_text
    from atlasmix.io.files import write_atomic
    from atlasmix.laws.shelf import add_law

    card = card_text(
        card_data(fitted.name, fitted.fit, fitted.intervals, fitted.splits, fitted.origin)
    )
    if options.output == "-":
        print(card, end="")
    elif options.output:
        write_atomic(Path(options.output), card)
    if options.name:
        import tempfile

        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"{options.name}.yaml"
            path.write_text(card, encoding="utf-8")
            add_law(path, Store(options.store), options.name)
    if options.figure:
        from atlasmix.report.figures.drawing import save_figure
        from atlasmix.report.figures.fit import fit_figure

        save_figure(fit_figure(fitted.fit), Path(options.figure))


def _question(options: argparse.Namespace) -> FitQuestion:
    from atlasmix.errors import ProblemError
    from atlasmix.evidence.store import Store
    from atlasmix.fitting.fit_question import FitQuestion
    from atlasmix.fitting.forms import DELTA
    from atlasmix.languages.resolving import resolve
    from atlasmix.laws.kinds import LOSS_CONSTANTS
    from atlasmix.laws.shelf import load_law

    held: dict[str, float] = {}
    if options.base:
        law = load_law(options.base, Store(options.store))
        held = {name: float(getattr(law, name)) for name in LOSS_CONSTANTS}
    for text in options.fix or ():
        for part in text.split(","):
            name, value = _pair(part, "--fix")
            held[name] = value
    for text in options.tau or ():
        name, value = _pair(text, "--tau")
        keys = ("other" if part == "other" else str(resolve(part)) for part in name.split(":"))
        held[f"tau {':'.join(keys)}"] = value
    if options.data_only and options.law != "data-constrained":
        raise ProblemError("--data-only belongs to --law data-constrained")
    if options.stages == 2 and options.law not in {"data-constrained", "atlas"}:
        raise ProblemError(
            f"--law {options.law} has one stage: --stages 2 belongs to data-constrained and atlas"
        )
    if options.own_floors and options.law != "mixing":
        raise ProblemError("--own-floors belongs to --law mixing")
    if options.tie_exponents and {"alpha", "beta"} & set(held):
        raise ProblemError("--tie-exponents fits alpha and beta as one: hold neither of them")
    delta = DELTA if options.delta is None else _number(options.delta, "--delta")
    if not 0 < delta <= 10:
        raise ProblemError(f"--delta is {options.delta}: expected a number above 0, at most 10")
    return FitQuestion(
        law=options.law,
        data_only=options.data_only,
        stages=options.stages,
        fixed=tuple(held.items()),
        tied=options.tie_exponents,
        delta=delta,
        own_floors=options.own_floors,
    )


def _reading(options: argparse.Namespace) -> Reading:
    from atlasmix.errors import ProblemError
    from atlasmix.fitting.tables import Reading, parse_filter
    from atlasmix.languages.resolving import resolve

    columns = []
    for text in options.column or ():
        field, sign, column = text.partition("=")
        if not sign or not column:
            raise ProblemError(
                f"--column is {text[:60]!r}: expected FIELD=COLUMN, as loss=val_loss or "
                "tokens=D:B for billions"
            )
        columns.append((field.strip(), column.strip()))
    targets = tuple(options.target or ())
    several = options.law == "mixing"
    if len(targets) > 1 and not several:
        raise ProblemError(
            f"--target is given {len(targets)} times: --law {options.law} fits one language; the "
            "losses of several belong to --law mixing"
        )
    return Reading(
        law=options.law,
        columns=tuple(columns),
        unit=(options.unit or "").strip(),
        where=tuple(map(parse_filter, options.where or ())),
        target="" if several else "".join(targets),
        targets=tuple(dict.fromkeys(str(resolve(target)) for target in targets)) if several else (),
        clip_unique=options.clip_unique,
        drop_incomplete=options.drop_incomplete,
        last_checkpoint=options.last_checkpoint,
    )


def _pair(text: str, option: str) -> tuple[str, float]:
    from atlasmix.errors import ProblemError

    name, sign, value = text.strip().partition("=")
    if not sign:
        raise ProblemError(f"{option} is {text[:40]!r}: expected NAME=VALUE, as alpha=0.34")
    return name.strip(), _number(value, f"{option} {name.strip()}")


def _number(text: str, what: str) -> float:
    import math

    from atlasmix.errors import ProblemError

    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ProblemError(f"{what} is {text[:40]!r}: expected a number")
    return value
