"""megatron-core writes indexes, and what is counted of them is what it counts itself."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from megatron.core.datasets.indexed_dataset import IndexedDataset, IndexedDatasetBuilder

from atlasmix.interop.corpora.megatron_index import read_index


@pytest.mark.parametrize("dtype", [np.uint16, np.int32, np.int64])
@pytest.mark.parametrize("multimodal", [False, True])
def test_its_own_reader_counts_the_same(tmp_path: Path, dtype: type, multimodal: bool) -> None:
    prefix = str(tmp_path / "cat_Latn_text_document")
    builder = IndexedDatasetBuilder(f"{prefix}.bin", dtype=dtype, multimodal=multimodal)
    generator = np.random.default_rng(1)
    for _ in range(50):
        lengths = generator.integers(1, 90, size=int(generator.integers(1, 4))).tolist()
        modes = [0] * len(lengths) if multimodal else None
        builder.add_document(generator.integers(0, 999, sum(lengths)), lengths, modes)
    builder.finalize(f"{prefix}.idx")
    count = read_index(Path(f"{prefix}.idx"))
    theirs = IndexedDataset(prefix, multimodal=multimodal)
    assert count.tokens == int(np.sum(theirs.sequence_lengths))
    assert count.documents == len(theirs.document_indices) - 1 == 50
    assert count.token_bytes == np.dtype(dtype).itemsize
