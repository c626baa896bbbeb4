"""``atlasmix learn``: a law of every loss from one's own runs of mixtures, and the best mixture."""

from __future__ import annotations

import argparse
import dataclasses
from typing import TYPE_CHECKING

from atlasmix.cli.log_options import add_log_options, log_reading
from atlasmix.cli.parsing import Parser, add_json
from atlasmix.cli.reading_options import count, named_value, quantity

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.text import Text

    from atlasmix.fitting.assumed import GivenLaw
    from atlasmix.fitting.history import Batch, Grown
    from atlasmix.fitting.law_file import SavedLaw
    from atlasmix.fitting.learning import Learned, LearnQuestion
    from atlasmix.fitting.mixture_runs import Array, MixtureRuns
    from atlasmix.fitting.mixture_tables import RunsReading
    from atlasmix.fitting.run_files import RunFile
    from atlasmix.mixture.learned_answer import LearnedAnswer, MixtureWish
    from atlasmix.mixture.next_runs import RunSize
    from atlasmix.report.learning import LearnedReport

EXAMPLE = """\
atlasmix learn runs.csv --save law.yaml --mixture mix.yaml
atlasmix learn ratios.csv metrics.csv --predict other.csv --output losses.csv
atlasmix learn runs.csv --for-solve --save law.yaml
atlasmix learn wandb/ --metric 'eval/*_loss' --weights-key data.weights
atlasmix learn regmix-1m --max pile_cc=30% --near even=0.1"""


def add_arguments(parser: Parser) -> None:
    """Options of the command."""
    parser.add_argument(
        "runs",
        metavar="RUNS",
        nargs="+",
        help="CSV, Parquet or JSON Lines: a row a run with w_SOURCE and loss_SET (and params, "
        "tokens, unique_SOURCE); or two tables with the run's id; or regmix-1m, which ships; or "
        "logs of the runs, files or folders; or a law that --save wrote",
    )
    add_log_options(parser)
    group = parser.add_argument_group("runs")
    group.add_argument(
        "--own",
        metavar="SET=SOURCE",
        action="append",
        help="the source that a set is drawn from (default: that of its name); SET= has none",
    )
    group.add_argument(
        "--add",
        metavar="NEW",
        nargs="+",
        action="append",
        help="runs that came after: what the law foretold of them against what they reached, then "
        "the law of all; once for each batch, tables and logs as RUNS",
    )
    group.add_argument(
        "--keep-diverged", action="store_true", help="keep runs far above the others"
    )
    _add_law_options(parser)
    _add_mixture_options(parser)
    group = parser.add_argument_group("output")
    group.add_argument(
        "--predict", metavar="TABLE", help="mixtures whose losses are wanted, w_SOURCE or as RUNS"
    )
    group.add_argument("--output", metavar="CSV", help="where they go (default: printed)")
    group.add_argument("--intervals", action="store_true", help="with low_SET and high_SET of each")
    group.add_argument("--next-runs", metavar="CSV", help="write the mixtures of --next")
    group.add_argument("--save", metavar="FILE", help="write the law (YAML); learn reads it back")
    group.add_argument("--mixture", metavar="FILE", help="write the mixture (YAML), for compare")
    group.add_argument(
        "--figure", "--plot", metavar="FILE", help="draw predicted against measured (HTML)"
    )
    add_json(parser)


def _add_law_options(parser: Parser) -> None:
    group = parser.add_argument_group("law")
    group.add_argument(
        "--law",
        metavar="LAW",
        help="that answers (default: mixing, unless exponential or additive foretells runs "
        "held out better by twice the error of the difference)",
    )
    group.add_argument(
        "--compare",
        metavar="LAWS",
        help="others to judge on the same runs held out: linear,exponential,additive (default), "
        "lightgbm, lightgbm-small, gaussian-process; all; none",
    )
    group.add_argument(
        "--for-solve",
        action="store_true",
        help="keep to the form that solve --law takes: a token of a source tells as much however "
        "much of it is read",
    )
    group.add_argument(
        "--constants-from",
        metavar="LAW",
        help="a law (of 'laws list', or a card) whose exponents count where the runs, being of one "
        "size, tell none: assumed, not learned",
    )
    group.add_argument("--coverage", metavar="PART", help="of the intervals (default: 90%%)")
    group.add_argument("--seed", metavar="N", help="of folds and draws (default: 0)")


def _add_mixture_options(parser: Parser) -> None:
    group = parser.add_argument_group("mixture")
    group.add_argument(
        "--target", metavar="SET=W", action="append", help="weight of a loss (default: all alike)"
    )
    group.add_argument("--min", metavar="SOURCE=SHARE", action="append", help="least share")
    group.add_argument("--max", metavar="SOURCE=SHARE", action="append", help="most share")
    group.add_argument("--max-epochs", metavar="N", help="where unique tokens are known")
    group.add_argument(
        "--params", metavar="N", help="of the model it is for, where runs of several sizes tell"
    )
    group.add_argument("--tokens", metavar="D", help="that it reads, as 100B (default: as runs)")
    group.add_argument(
        "--unique", metavar="SOURCE=TOKENS", action="append", help="distinct tokens of a source"
    )
    group.add_argument(
        "--near",
        metavar="REFERENCE=KL",
        help="stay within KL nats of best, even, mean, unique, a run's id, or a file: a table of "
        "one mixture, a mixture file, a recipe",
    )
    group.add_argument(
        "--draws", metavar="N", help="laws drawn for the doubt (default: 24; 0: none)"
    )
    group.add_argument(
        "--next", metavar="K", help="K mixtures whose runs would lower the regret most"
    )
    group.add_argument(
        "--next-sizes",
        metavar="N:D[=COST],...",
        help="parameters and tokens that those runs may have, as 60M:1B,400M:8B: each is chosen "
        "for what it takes off per cost (default: the middle of the runs; cost: 6ND)",
    )
    group.add_argument("--no-mixture", action="store_true", help="the law alone")


def execute(options: argparse.Namespace) -> int:
    """Read, fit, judge, write what was asked for, and print the report."""
    from atlasmix.fitting.law_file import is_law_file

    _check_outputs(options)
    if len(options.runs) == 1 and is_law_file(options.runs[0]):
        return _from_saved(options)
    from atlasmix.cli.terminal import counting
    from atlasmix.fitting.learning import check_enough, check_question, learn
    from atlasmix.fitting.run_files import read_run_file

    question = _question(options)
    check_question(question)
    runs, files = _runs(options)
    check_enough(runs)
    tables = tuple((file.name, file.sha256) for file in files)
    history: tuple[Batch, ...] = ()
    fresh = 0
    if options.add:
        grown = _grown(options, question, (runs, tables))
        runs, tables, history, fresh = grown.runs, grown.tables, grown.history, grown.fresh
    wanted = read_run_file(options.predict) if options.predict else None
    wish = _wish(options, runs)
    with counting("laws", len(question.compared) + 1, 2.0) as advance:
        learned = learn(runs, question, advance)
    if wanted is not None:
        _predict(options, learned.law, learned.half_width, wanted)
    told = dataclasses.replace(_told(options, learned, wish, tables), history=history, fresh=fresh)
    _write(options, told)
    if wanted is not None and not options.output:
        return 0
    if options.json:
        from atlasmix.cli.terminal import print_json
        from atlasmix.report.learning import learning_data

        print_json(learning_data(told))
        return 0
    from atlasmix.cli.terminal import print_text
    from atlasmix.report.learning import learning_blocks
    from atlasmix.report.terminal import terminal_parts

    print_text(*terminal_parts(learning_blocks(told)), "", *_ending(options, learned))
    return 0


def _grown(
    options: argparse.Namespace,
    question: LearnQuestion,
    first: tuple[MixtureRuns, tuple[tuple[str, str], ...]],
) -> Grown:
    """The runs with those that were added, foretold by the law that the file holds, if any."""
    from pathlib import Path

    from atlasmix.fitting.history import grow
    from atlasmix.fitting.law_file import is_learned, load_learned_law

    path = Path(options.save) if options.save else None
    saved = load_learned_law(path) if path is not None and is_learned(path) else None
    return grow(first, _added(options), question, saved)


def _runs(options: argparse.Namespace) -> tuple[MixtureRuns, tuple[RunFile, ...]]:
    """The runs, and the files they come from; the table made of logs is written if asked."""
    return _read(options, options.runs, first=True)


def _read(
    options: argparse.Namespace, paths: Sequence[str], *, first: bool = False
) -> tuple[MixtureRuns, tuple[RunFile, ...]]:
    """Tables and logs of one batch; what is said of logs is said of all that are logs."""
    from pathlib import Path

    from atlasmix.cli.terminal import working
    from atlasmix.errors import ProblemError
    from atlasmix.fitting.mixture_tables import read_mixture_runs
    from atlasmix.interop.trackers.run_folder import is_log
    from atlasmix.interop.trackers.run_inputs import read_inputs
    from atlasmix.interop.trackers.run_table import LogReading
    from atlasmix.io.files import write_atomic
    from atlasmix.io.tables import to_csv

    how, kind = log_reading(options), options.logs or ""
    if options.add and not any(is_log(Path(path)) for path in paths):
        every = [*options.runs, *(path for batch in options.add for path in batch)]
        if any(is_log(Path(path)) for path in every):
            how, kind = LogReading(), ""
    with working("reading runs"):
        inputs = read_inputs(paths, how, kind)
    if options.write_runs and first:
        if inputs.logged is None:
            raise ProblemError("--write-runs writes the table of logs, and there are none")
        write_atomic(Path(options.write_runs), to_csv(inputs.logged.header, inputs.logged.rows))
    runs = read_mixture_runs([file.rows for file in inputs.files], _reading(options))
    return dataclasses.replace(runs, notes=(*inputs.notes, *runs.notes)), inputs.files


def _told(
    options: argparse.Namespace,
    learned: Learned,
    wish: MixtureWish,
    tables: tuple[tuple[str, str], ...],
) -> LearnedReport:
    from atlasmix.cli.terminal import working
    from atlasmix.mixture.learned_answer import answer, plan
    from atlasmix.report.learning import LearnedReport

    if options.no_mixture or (options.predict and not (options.mixture or options.next)):
        return LearnedReport(learned, None, tables)
    if not learned.law.convex:
        fault = (
            f"The law {learned.law.name} is not convex in the mixture: no optimum of it can be "
            "proved, so none is given."
        )
        if not options.mixture:
            return LearnedReport(learned, None, tables, fault)
    solved: LearnedAnswer
    with working("drawing"):
        solved = answer(learned, wish)
        planned = None
        if options.next:
            sizes = _run_sizes(options.next_sizes)
            planned = plan(learned, solved, int(options.next), wish.seed, sizes)
    return LearnedReport(learned, solved, tables, planned=planned)


def _from_saved(options: argparse.Namespace) -> int:
    """Predict with a law from its file."""
    from pathlib import Path

    from atlasmix.errors import ProblemError
    from atlasmix.fitting.law_file import load_learned_law
    from atlasmix.fitting.run_files import read_run_file

    saved = load_learned_law(Path(options.runs[0]))
    if options.predict and options.add:
        raise ProblemError("--predict and --add of a saved law: ask for one at a time")
    if options.add and (options.save or options.mixture or options.figure or options.next):
        raise ProblemError(
            "--save, --mixture, --figure and --next need the runs: with them the law is learned "
            f"anew, {_again(options, saved)}"
        )
    if options.add:
        return _judge_saved(options, saved)
    _check_shown(options)
    if not options.predict:
        from atlasmix.cli.laws import show_learned

        return show_learned(saved, options.json)
    _predict(options, saved.law, saved.half_width, read_run_file(options.predict))
    if options.output:
        from atlasmix.cli.terminal import print_text

        print_text(*_ending(options))
    return 0


_OF_RUNS = (
    *("save", "mixture", "figure", "next", "target", "min", "max", "max_epochs"),
    *("params", "tokens", "unique", "near", "constants_from", "for_solve", "law", "own"),
)
"""Options that need the runs behind a law."""


def _check_shown(options: argparse.Namespace) -> None:
    """Refuse what a law's file alone cannot answer."""
    from atlasmix.errors import ProblemError
    from atlasmix.text import listed

    unanswered = [f"--{name.replace('_', '-')}" for name in _OF_RUNS if getattr(options, name)]
    if unanswered:
        need = "need" if len(unanswered) > 1 else "needs"
        raise ProblemError(
            f"{options.runs[0]} is a saved law, which is shown, predicts (--predict TABLE) and is "
            f"judged (--add NEW): {listed(unanswered)} {need} the runs in its place"
        )


def _judge_saved(options: argparse.Namespace, saved: SavedLaw) -> int:
    """What a law's file foretold of runs that came after; the file stays as it is."""
    from atlasmix.cli.terminal import print_json, print_text
    from atlasmix.fitting.history import foretold
    from atlasmix.report.learning import foretold_blocks, foretold_data
    from atlasmix.report.terminal import terminal_parts

    history, fresh = foretold(saved, _added(options))
    if options.json:
        print_json({"law": saved.name, **foretold_data(history)})
        return 0
    ending = f"The law stays as it is; with its runs it is learned anew: {_again(options, saved)}"
    print_text(*terminal_parts(foretold_blocks(history, fresh, saved.coverage, ending)))
    return 0


def _again(options: argparse.Namespace, saved: SavedLaw) -> str:
    """The command that learns from the runs behind a law and the new ones."""
    behind = saved.content["learned_from"]["tables"]
    added = " ".join(f"--add {' '.join(paths)}" for paths in options.add)
    return f"atlasmix learn {' '.join(behind)} {added} --save {options.runs[0]}"


def _added(
    options: argparse.Namespace,
) -> list[tuple[MixtureRuns, tuple[tuple[str, str], ...]]]:
    """Every batch of runs that came after, with the name and hash of its tables."""
    from atlasmix.errors import about

    added = []
    for paths in options.add:
        with about("add", " ".join(paths)):
            runs, files = _read(options, paths)
        added.append((runs, tuple((file.name, file.sha256) for file in files)))
    return added


def _predict(options: argparse.Namespace, law: object, half_width: Array, wanted: RunFile) -> None:
    from pathlib import Path
    from typing import cast

    from atlasmix.fitting.learning import Law
    from atlasmix.fitting.mixture_tables import read_mixtures
    from atlasmix.fitting.predictions import predictions_csv
    from atlasmix.io.files import write_atomic

    known = cast(Law, law)
    mixtures = read_mixtures(wanted.rows, known.sources)
    width = half_width if options.intervals else None
    text = predictions_csv(known, mixtures, wanted.rows, width)
    if options.output and options.output != "-":
        write_atomic(Path(options.output), text)
    else:
        print(text, end="")


def _check_outputs(options: argparse.Namespace) -> None:
    """Refuse what cannot be written, or is asked for twice, before anything is computed."""
    from pathlib import Path

    from atlasmix.errors import ProblemError

    if options.figure:
        from atlasmix.report.figures.drawing import check_figure

        check_figure(Path(options.figure))
    if (options.output or options.intervals) and not options.predict:
        raise ProblemError(
            "--output and --intervals are of predictions: name the mixtures with --predict TABLE "
            "(--save writes the law, --mixture the mixture)"
        )
    if options.no_mixture and (options.mixture or options.next):
        raise ProblemError("--mixture and --next need the mixture that --no-mixture leaves out")
    if (options.next_runs or options.next_sizes) and not options.next:
        raise ProblemError(
            "--next-runs and --next-sizes are of what --next plans: say how many, as --next 8"
        )
    _run_sizes(options.next_sizes)
    if options.next is not None:
        count(options.next, "--next", 0)
    if options.output == "-":
        options.output = None
    written = (options.output, options.save, options.mixture, options.next_runs)
    for name in (*written, options.write_runs):
        if name and not Path(name).parent.is_dir():
            raise ProblemError(f"no folder {Path(name).parent}: make it, or name a file in another")


def _write(options: argparse.Namespace, told: LearnedReport) -> None:
    from pathlib import Path

    from atlasmix.fitting.history import history_data
    from atlasmix.fitting.law_file import law_mapping, law_text
    from atlasmix.fitting.solving_law import solving_draws
    from atlasmix.io.files import write_atomic
    from atlasmix.mixture.learned_answer import DRAWS

    if options.save:
        name, learned = _stem(options.save), told.learned
        drawn = solving_draws(
            learned, count(options.draws, "--draws", DRAWS), count(options.seed, "--seed", 0)
        )
        written = law_mapping(learned, name, told.tables, drawn, history_data(told.history))
        write_atomic(Path(options.save), law_text(written))
    if options.mixture and told.answer is not None:
        from atlasmix.evidence.mixture_file import dump_mixture
        from atlasmix.mixture.learned_answer import mixture_file

        name = _stem(options.mixture)
        given = mixture_file(told.learned, told.answer, name, told.tables)
        write_atomic(Path(options.mixture), dump_mixture(given))
    if options.next_runs and told.planned is not None:
        from atlasmix.fitting.predictions import mixtures_csv

        planned = told.planned
        table = mixtures_csv(planned.sources, planned.mixtures, planned.size_columns)
        write_atomic(Path(options.next_runs), table)
    if options.figure:
        from atlasmix.report.figures.drawing import save_figure
        from atlasmix.report.figures.learning import held_out_figure

        title = f"Losses of {told.learned.runs.count} runs, predicted unseen"
        save_figure(held_out_figure(told.learned), Path(options.figure), title)


def _run_sizes(text: str | None) -> tuple[RunSize, ...]:
    """The sizes that a run to come may have; where no cost is said it is 6ND."""
    from atlasmix.errors import ProblemError
    from atlasmix.laws.hardware import training_flops
    from atlasmix.mixture.next_runs import RunSize
    from atlasmix.quantities import parse_quantity

    sizes = []
    for part in text.split(",") if text else ():
        size, priced, cost = part.partition("=")
        params, colon, tokens = size.partition(":")
        if not colon:
            raise ProblemError(
                f"--next-sizes {part!r}: expected PARAMS:TOKENS, with commas between sizes and "
                "=COST where it is not 6ND, as 60M:1B,400M:8B or 60M:1B=2,400M:8B=30"
            )
        read = parse_quantity(params, "--next-sizes"), parse_quantity(tokens, "--next-sizes")
        said = _positive(cost, "--next-sizes") if priced else None
        sizes.append((RunSize(*read, said or training_flops(*read)), bool(priced)))
    if len({priced for _, priced in sizes}) > 1:
        raise ProblemError("--next-sizes: expected a cost of every size or of none")
    return tuple(size for size, _ in sizes)


def _stem(path: str) -> str:
    from pathlib import Path

    return Path(path).stem or "learned"


def _ending(options: argparse.Namespace, learned: Learned | None = None) -> Iterator[Text]:
    """What was written, and how it is used."""
    from rich.text import Text

    if options.output:
        yield Text(f"Predictions written to {options.output}.")
    if options.figure:
        yield Text(f"Figure written to {options.figure}.")
    if options.next_runs:
        yield Text(f"Mixtures to run next written to {options.next_runs}.")
    if options.write_runs:
        yield Text(f"Runs written to {options.write_runs}: atlasmix learn {options.write_runs}")
    if options.mixture:
        yield Text(f"Mixture written to {options.mixture}: atlasmix lint {options.mixture}")
    if options.save:
        yield Text(f"Law written to {options.save}: atlasmix learn {options.save} --predict TABLE")
        if learned is not None:
            yield Text(_next_step(options.save, learned))
    if not (options.output or options.mixture or options.save):
        yield Text("Add --save law.yaml to keep the law, --mixture mix.yaml to keep the mixture.")


def _next_step(path: str, learned: Learned) -> str:
    """How a solve takes the law, or why none does and which law to learn."""
    import numpy as np

    from atlasmix.fitting.solving_law import REFIT, keys_of, obstacle, remedy

    fault = obstacle(learned.law, learned.scale.repeats)
    own = next((place for place in learned.runs.own.tolist() if place >= 0), None)
    if not fault and own is not None:
        asked_of = f"atlasmix solve --law {path} --target {learned.runs.sources[own]}"
        if keys_of(learned.runs.sources)[0] == "language":
            return f"It is a law of solves too: {asked_of}"
        first = ""
        if np.any(np.isfinite(learned.scale.unique)):
            first = f"atlasmix inventory add {path} --from learned-law --provenance human, then "
        name = _stem(path) if first else "INVENTORY"
        return (
            "It is a law of solves too, with an inventory of its sources: "
            f"{first}{asked_of} --inventory {name}"
        )
    if own is None or learned.law.name != "mixing":
        return f"No solve takes it: it {fault}."
    if remedy(fault) != REFIT:
        return f"No solve takes it: it {fault}; {remedy(fault)}."
    return f"No solve takes it: it {fault}. With --for-solve one is learned that serves."


def _question(options: argparse.Namespace) -> LearnQuestion:
    from atlasmix.fitting.learning import COMPARED, COVERAGE, LAWS, MIXING, LearnQuestion
    from atlasmix.quantities import parse_share

    given = options.compare
    if given is None:
        compared = COMPARED
    elif given == "none":
        compared = ()
    elif given == "all":
        compared = tuple(name for name in LAWS if name != MIXING)
    else:
        compared = tuple(name.strip() for name in given.split(",") if name.strip())
    coverage = COVERAGE if options.coverage is None else parse_share(options.coverage, "--coverage")
    return LearnQuestion(
        law=(options.law or "").strip(),
        compared=compared,
        seed=count(options.seed, "--seed", 0),
        coverage=coverage,
        for_solve=options.for_solve,
        constants_from=_given(options.constants_from),
    )


def _given(name: str | None) -> GivenLaw | None:
    """The law whose constants count where the runs tell none."""
    if name is None:
        return None
    from atlasmix.fitting.given_law import given_law

    return given_law(name)


def _reading(options: argparse.Namespace) -> RunsReading:
    from atlasmix.fitting.mixture_tables import RunsReading

    own = tuple(named_value(text, "--own", "arxiv=train_arxiv") for text in options.own or ())
    return RunsReading(own=own, keep_diverged=options.keep_diverged)


def _wish(options: argparse.Namespace, runs: MixtureRuns) -> MixtureWish:
    from atlasmix.mixture.learned_answer import DRAWS, MixtureWish
    from atlasmix.quantities import parse_share

    shares: dict[str, dict[str, float]] = {"--min": {}, "--max": {}}
    for option, texts in (("--min", options.min), ("--max", options.max)):
        for text in texts or ():
            name, value = named_value(text, option, "web=30%")
            shares[option][name] = parse_share(value, f"{option} {name}")
    near, references = _near(options, runs)
    return MixtureWish(
        targets=dict(_weight(text) for text in options.target or ()),
        low=shares["--min"],
        high=shares["--max"],
        max_epochs=_positive(options.max_epochs, "--max-epochs"),
        params=quantity(options.params, "--params"),
        tokens=quantity(options.tokens, "--tokens"),
        unique=dict(_tokens(text) for text in options.unique or ()),
        near=near,
        references=references,
        draws=count(options.draws, "--draws", DRAWS),
        seed=count(options.seed, "--seed", 0),
    )


def _near(
    options: argparse.Namespace, runs: MixtureRuns
) -> tuple[tuple[str, float] | None, dict[str, Array]]:
    """The region of trust; a reference that is a file is read."""
    if options.near is None:
        return None, {}
    from pathlib import Path

    from atlasmix.errors import ProblemError

    name, value = named_value(options.near, "--near", "best=0.1")
    most = _positive(value, "--near")
    if most is None:
        raise ProblemError(f"--near is {options.near!r}: expected REFERENCE=KL, as best=0.1")
    if not Path(name).is_file():
        return (name, most), {}
    from atlasmix.evidence.mixture_file import is_mixture_file

    if is_mixture_file(name):
        from atlasmix.evidence.published import published
        from atlasmix.fitting.reference_mixture import shares_among

        return (Path(name).name, most), {
            Path(name).name: shares_among(published(name), runs.sources)
        }
    from atlasmix.fitting.mixture_tables import read_mixtures
    from atlasmix.fitting.run_files import read_run_file

    mixtures = read_mixtures(read_run_file(name).rows, runs.sources)
    if mixtures.count != 1:
        raise ProblemError(f"--near {name} holds {mixtures.count} mixtures: expected one")
    return (Path(name).name, most), {Path(name).name: mixtures.weights[0]}


def _weight(text: str) -> tuple[str, float]:
    name, value = named_value(text, "--target", "web=2")
    weight = _positive(value, f"--target {name}")
    return name, 0.0 if weight is None else weight


def _tokens(text: str) -> tuple[str, float]:
    from atlasmix.quantities import parse_quantity

    name, value = named_value(text, "--unique", "web=3B")
    return name, parse_quantity(value, f"--unique {name}")


def _positive(text: str | None, what: str) -> float | None:
    import math

    from atlasmix.errors import ProblemError

    if text is None:
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value > 0):
        raise ProblemError(f"{what} is {text[:40]!r}: expected a number above 0")
    return value
