"""GPT-NeoX: ``train_data_paths`` and ``train_data_weights`` of a configuration.

Read from EleutherAI/gpt-neox ``megatron/data/data_utils.py`` (007d6d0c) and
``megatron/neox_arguments/neox_args.py``: without weights all paths weigh the same; ``data_path`` is
one prefix that ``split`` cuts.
"""

from __future__ import annotations

from typing import Final

from atlasmix.errors import DataError
from atlasmix.interop.importers.listing import (
    Entry,
    Listing,
    Marked,
    finished,
    read_marked,
    run_tokens,
    split_fraction,
    texts,
    two_lists,
)

NAME: Final = "GPT-NeoX"


def read(text: str, what: str) -> Listing:
    """The training paths of a YAML of NeoX, its keys with hyphens or underscores.

    Raises:
        DataError: naming every fault with its line, ``weight_by_num_documents`` among them, which
            throws the weights away.
    """
    content = read_marked(text, what)
    keys = {name.replace("-", "_"): node for name, node in content.items()}
    faults: list[str] = []
    refusals: list[str] = []
    _refuse_others(keys, faults)
    single, paths = keys.get("data_path"), keys.get("train_data_paths")
    notes: list[str] = []
    if paths is None and single is not None:
        prefix = texts(single)
        fraction = split_fraction(keys.get("split"), faults, NAME)
        if "split" not in keys:
            fraction = 969 / 1000
            notes.append("no split: GPT-NeoX then cuts 969,30,1 and trains on 96.9% of the text")
        entries = [Entry(each, 1.0, single.place, fraction=fraction) for each in prefix or ()]
    elif paths is not None and paths.kind == "list":
        weights = keys.get("train_data_weights")
        if weights is None or (weights.kind == "scalar" and weights.value is None):
            named = texts(paths)
            entries = [Entry(each, 1.0, paths.place) for each in named or ()]
            faults += [] if named else [f"{paths.place}: expected a list of paths"]
            notes.append("no train_data_weights: GPT-NeoX then draws as much of every path")
        else:
            entries, wrong, _ = two_lists(paths, weights, NAME)
            faults += wrong
        if single is not None:
            refusals.append("data_path beside train_data_paths: GPT-NeoX takes one of them")
        lacking = [key for key in ("valid", "test") if f"{key}_data_paths" not in keys]
        if lacking:
            refusals.append(
                f"no {' and no '.join(f'{key}_data_paths' for key in lacking)}: GPT-NeoX takes "
                "train, valid and test paths together"
            )
    else:
        raise DataError(
            f"{what} has no train_data_paths: expected a list of prefixes there, beside one of "
            "train_data_weights"
        )
    factors = [(key, keys.get(key)) for key in ("train_iters", "train_batch_size", "seq_length")]
    tokens = run_tokens(factors, NAME, faults)
    return Listing(
        finished(entries, faults, what, NAME),
        tokens=tokens,
        notes=tuple(notes),
        refusals=tuple(refusals),
    )


def _refuse_others(keys: dict[str, Marked], faults: list[str]) -> None:
    """Keys that change what is read in a way that no list of weights can say."""
    by_documents = keys.get("weight_by_num_documents")
    if by_documents is not None and by_documents.value is True:
        faults.append(
            f"{by_documents.place}: weight_by_num_documents is true: GPT-NeoX then throws the "
            "weights away and makes its own from numbers of documents; set it to false"
        )
    packing = keys.get("pack_impl")
    if packing is not None and packing.value not in (None, "packed"):
        faults.append(
            f"{packing.place}: pack_impl {str(packing.value)[:40]}: weights then count documents, "
            "not tokens; expected packed"
        )
