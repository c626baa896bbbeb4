"""``atlasmix audit``: what a corpus holds, by whom, and how varied it is."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Final

from atlasmix.cli.parsing import Parser, add_json
from atlasmix.cli.partial_options import add_engine_options, forget_partials, partials_folder

if TYPE_CHECKING:
    from pathlib import Path

    from atlasmix.audit.corpus.audit_file import Audit
    from atlasmix.audit.corpus.corpus import CountingPlan
    from atlasmix.audit.corpus.counts import CorpusCounts
    from atlasmix.audit.corpus.drift import Drift
    from atlasmix.audit.corpus.listing import CorpusListing
    from atlasmix.audit.corpus.summary import AuditSummary

EXAMPLE = """\
atlasmix audit corpus/ --reference human/ --report audit.html
atlasmix audit corpus/ --output now.audit.json --against last-week.audit.json
atlasmix audit corpus/ --shard 3/16 --output 3.audit.json
atlasmix audit merge 1.audit.json 2.audit.json --reference human/"""

_MERGE: Final = "merge"


def add_arguments(parser: Parser) -> None:
    """Options of the command."""
    parser.add_argument(
        "corpus",
        metavar="CORPUS",
        nargs="+",
        help="a folder or file of texts (JSON lines, Parquet, Arrow, WET, plain text; .gz and "
        ".zst too), or the word merge and the audits of its parts",
    )
    parser.add_argument(
        "--reference",
        metavar="HUMAN",
        help="human text in the same languages, to hold variety against: a folder, or an audit of "
        "it",
    )
    parser.add_argument(
        "--against", metavar="AUDIT", help="an earlier audit: tell what moved since"
    )
    _add_counting(parser)
    _add_machines(parser)
    group = parser.add_argument_group("what is written")
    group.add_argument("--output", metavar="FILE", help="the audit, to merge and compare with")
    group.add_argument("--report", metavar="FILE", help="the whole report: .html, .md or .txt")
    group.add_argument(
        "--inventory", metavar="FOLDER", help="pools and card, for atlasmix inventory add"
    )
    group.add_argument("--name", metavar="NAME", help="of the corpus (default: its folder's)")
    parser.add_argument("--all", action="store_true", help="list every language, label and fault")
    parser.add_argument(
        "--strict", action="store_true", help="exit with 1 where anything is flagged or has moved"
    )
    add_json(parser)
    parser.epilog = (
        "A record says who wrote it in 'provenance' (or in 'metadata'): origin, kind,\n"
        "generator, generation. What says nothing is unknown, never human. What cannot be\n"
        f"read is told by name, and the rest is read.\n\n{parser.epilog}"
    )


def _add_counting(parser: Parser) -> None:
    group = parser.add_argument_group("what is counted")
    group.add_argument("--language", metavar="LANG", help="of records and folders that name none")
    group.add_argument(
        "--tokenizer",
        metavar="FILE",
        help="a tokenizer.json, to count tokens by (default: words are counted)",
    )
    group.add_argument(
        "--token-share", metavar="SHARE", help="of the documents it is asked (default: 1%%)"
    )
    group.add_argument(
        "--identify",
        metavar="PACKAGE",
        help="py3langid or pycld2: hold the language of documents against what they say",
    )
    group.add_argument(
        "--identify-share", metavar="SHARE", help="of the documents it is asked (default: 1%%)"
    )
    group.add_argument(
        "--segment",
        metavar="PACKAGE",
        help="icu4py: cut scripts without spaces into words by its dictionaries (default: every "
        "character of theirs is one)",
    )
    group.add_argument(
        "--detector-field",
        metavar="NAME",
        help="of records and attributes: the score that a detector of machine text gave them",
    )
    group.add_argument(
        "--detector-threshold",
        metavar="SCORE",
        action="append",
        help="tell the share of documents with this score or more; repeatable, or with commas",
    )
    group.add_argument(
        "--near-duplicates", action="store_true", help="look for them too (needs rensa)"
    )


def _add_machines(parser: Parser) -> None:
    group = parser.add_argument_group("who counts")
    group.add_argument("--workers", metavar="N", help="processes (default: one a core)")
    add_engine_options(group.add_argument)
    group.add_argument("--shard", metavar="I/N", help="count only the i-th of n parts")
    group.add_argument(
        "--partials",
        metavar="FOLDER",
        help="where the counts of each file are kept, from which a run that was ended goes on "
        "(default: beside --output, until it is written)",
    )


def execute(options: argparse.Namespace) -> int:
    """Count or merge, hold against what is given, print and write."""
    from pathlib import Path

    from atlasmix.audit.corpus.audit_file import read_audit, write_audit
    from atlasmix.audit.corpus.drift import drift_between
    from atlasmix.audit.corpus.summary import summarise
    from atlasmix.cli.terminal import say, working

    if options.report:
        from atlasmix.report.report import check_report

        check_report(Path(options.report))
    if options.output:
        _check_folder(Path(options.output))
    old = read_audit(Path(options.against)) if options.against else None
    audit = _merged(options) if options.corpus[0] == _MERGE else _counted(options)
    if options.output:
        write_audit(Path(options.output), audit)
        forget_partials(options)
        say(f"audit written to {options.output}")
    with working("comparing texts"):
        summary = summarise(audit)
        drift = drift_between(old, audit) if old is not None else None
    _print(options, summary, drift)
    if options.inventory:
        _write_inventory(options, audit, summary)
    moved = drift is not None and bool(drift.drifted or drift.new or drift.gone)
    return 1 if options.strict and (summary.flagged or moved) else 0


def _check_folder(output: Path) -> None:
    """Refuse, before a long count, an audit that could not be written."""
    from atlasmix.errors import DataError

    if not output.parent.is_dir():
        raise DataError(
            f"output {str(output)[:200]!r} cannot be written: there is no folder "
            f"{str(output.parent)[:200]!r}; make it, or name a file in another",
            field="output",
            value=str(output),
        )


def _print(options: argparse.Namespace, summary: AuditSummary, drift: Drift | None) -> None:
    from pathlib import Path

    from atlasmix.cli.terminal import say
    from atlasmix.report.corpus import audit_report

    report = audit_report(summary, drift, options.all, ": --all")
    if options.report:
        report.save(Path(options.report))
        say(f"report written to {options.report}")
    if options.json:
        from atlasmix.audit.corpus.drift import drift_data
        from atlasmix.audit.corpus.summary import summary_data
        from atlasmix.cli.terminal import print_json

        print_json({**summary_data(summary), "drift": None if drift is None else drift_data(drift)})
        return
    from atlasmix.cli.terminal import print_text
    from atlasmix.report.terminal import terminal_parts

    print_text(*terminal_parts(report.brief))


def _write_inventory(options: argparse.Namespace, audit: Audit, summary: AuditSummary) -> None:
    from pathlib import Path

    from atlasmix.audit.corpus.inventory_table import write_inventory
    from atlasmix.cli.terminal import say

    files = write_inventory(Path(options.inventory), audit, summary)
    left = f"; {files.left_out:,} documents name no language and are in none" * bool(files.left_out)
    say(
        f"{files.pools:,} pools written to {files.table}{left}; put them on the shelf with: "
        f"atlasmix inventory add {files.table} --card {files.card}"
    )


def _counted(options: argparse.Namespace) -> Audit:
    from pathlib import Path

    from atlasmix.audit.corpus.audit_file import Audit
    from atlasmix.audit.corpus.corpus import shard_of
    from atlasmix.audit.corpus.listing import list_corpus
    from atlasmix.errors import ProblemError

    if len(options.corpus) > 1:
        raise ProblemError(
            f"{len(options.corpus)} places of a corpus: expected one folder; count each by itself "
            "and merge the audits"
        )
    root = Path(options.corpus[0])
    shard = _shard(options.shard)
    listing = list_corpus(root, attributes=bool(options.detector_field))
    plan = _plan(options)
    listing = shard_of(listing, shard) if shard else listing
    counts = _with_bar(listing, plan, "MB of the corpus")
    return Audit(
        corpus=options.name or root.resolve().name or "corpus",
        counts=counts,
        reference=_reference(options, plan),
        shards=(options.shard,) if shard and shard[1] > 1 else (),
    )


def _merged(options: argparse.Namespace) -> Audit:
    from pathlib import Path

    from atlasmix.audit.corpus.audit_file import merge_audits, read_audit
    from atlasmix.errors import ProblemError

    if len(options.corpus) == 1:
        raise ProblemError("nothing to merge: name the files of the audits after the word merge")
    if options.shard:
        raise ProblemError("a shard of a merge: a shard is counted, and merged as it is")
    audit = merge_audits(read_audit(Path(path)) for path in options.corpus[1:])
    if options.reference:
        import dataclasses

        plan = dataclasses.replace(_plan(options), settings=audit.counts.settings)
        audit = dataclasses.replace(audit, reference=_reference(options, plan))
    if options.name:
        import dataclasses

        audit = dataclasses.replace(audit, corpus=options.name)
    return audit


def _shard(text: str | None) -> tuple[int, int] | None:
    import re

    from atlasmix.errors import ProblemError

    if not text:
        return None
    match = re.fullmatch(r"(\d{1,6})/(\d{1,6})", text)
    if match is None:
        raise ProblemError(
            f"shard {text[:40]!r}: expected a number and how many there are, as 3/16",
            field="shard",
            value=text,
        )
    return int(match[1]), int(match[2])


def _plan(options: argparse.Namespace) -> CountingPlan:
    from pathlib import Path

    from atlasmix.audit.corpus.corpus import CountingPlan
    from atlasmix.audit.corpus.counts import Settings
    from atlasmix.audit.corpus.doors import identifier, open_tokenizer, segmenter
    from atlasmix.audit.corpus.near import need_minhash
    from atlasmix.cli.reading_options import whole
    from atlasmix.languages.resolving import resolve
    from atlasmix.processes import check_engine

    check_engine(options.engine, options.scheduler or "")
    if options.identify:
        identifier(options.identify)  # refuse now what is not installed, not in every process
    if options.near_duplicates:
        need_minhash()
    tokenizer = str(Path(options.tokenizer).resolve()) if options.tokenizer else ""
    share = _share(options.token_share, "--token-share") if tokenizer else 0.0
    return CountingPlan(
        settings=Settings(
            language=str(resolve(options.language)) if options.language else "und",
            tokenizer=open_tokenizer(tokenizer)[1] if tokenizer else "",
            token_share=share,
            identifier=options.identify or "",
            identified_share=_share(options.identify_share, "--identify-share")
            if options.identify
            else 0.0,
            near=options.near_duplicates,
            detector=options.detector_field or "",
            thresholds=_thresholds(options),
            segmenter=segmenter(options.segment)[1] if options.segment else "",
        ),
        tokenizer=tokenizer,
        engine=options.engine,
        workers=whole(options.workers, "--workers", 0) or None,
        scheduler=options.scheduler or "",
        partials=partials_folder(options),
    )


def _thresholds(options: argparse.Namespace) -> tuple[float, ...]:
    import math

    from atlasmix.errors import ProblemError

    given = [each.strip() for text in options.detector_threshold or [] for each in text.split(",")]
    if given and not options.detector_field:
        raise ProblemError(
            "--detector-threshold is given and no field with scores: name it by --detector-field",
            field="detector_field",
        )
    thresholds = set()
    for text in given:
        try:
            threshold = float(text)
        except ValueError:
            threshold = math.nan
        if not math.isfinite(threshold):
            raise ProblemError(f"--detector-threshold is {text[:40]!r}: expected a number, as 0.9")
        thresholds.add(threshold)
    return tuple(sorted(thresholds))


def _share(text: str | None, what: str) -> float:
    from atlasmix.quantities import parse_share

    return 0.01 if text is None else parse_share(text, what, "documents")


def _reference(options: argparse.Namespace, plan: CountingPlan) -> CorpusCounts | None:
    import dataclasses
    from pathlib import Path

    from atlasmix.audit.corpus.audit_file import ENDING, read_audit
    from atlasmix.audit.corpus.listing import list_corpus

    if not options.reference:
        return None
    path = Path(options.reference)
    if path.name.endswith(ENDING) or path.suffix == ".json":
        return read_audit(path).counts
    # Only its words are compared: neither tokens, nor languages, nor duplicates.
    settings = dataclasses.replace(
        plan.settings,
        tokenizer="",
        token_share=0.0,
        identifier="",
        identified_share=0.0,
        near=False,
        detector="",
        thresholds=(),
    )
    partials = plan.partials / "reference" if plan.partials else None
    plan = dataclasses.replace(plan, settings=settings, tokenizer="", partials=partials)
    return _with_bar(list_corpus(path), plan, "MB of the reference")


def _with_bar(listing: CorpusListing, plan: CountingPlan, what: str) -> CorpusCounts:
    from atlasmix.audit.corpus.corpus import corpus_bytes, count_corpus
    from atlasmix.cli.terminal import counting

    megabyte, done = 10**6, 0
    with counting(what, -(-corpus_bytes(listing) // megabyte), patience=1.0) as advance:

        def step(size: int) -> None:
            nonlocal done
            before, done = done // megabyte, done + size
            advance(done // megabyte - before)

        return count_corpus(listing, plan, step)
