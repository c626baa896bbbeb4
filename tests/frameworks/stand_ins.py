"""Stand-ins for two large packages that ``streaming`` imports for pictures and batches only.

``torchvision`` and ``transformers`` would double the size of the environment; nothing of them is
called when text is read.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.machinery import ModuleSpec
from types import ModuleType

_NAMES = {
    "torchvision": (),
    "torchvision.transforms": (),
    "torchvision.transforms.functional": ("to_tensor",),
    "torchvision.datasets": ("VisionDataset",),
    "transformers": (),
    "transformers.feature_extraction_utils": ("BatchFeature",),
    "transformers.tokenization_utils_base": ("BatchEncoding",),
    "transformers.models": (),
    "transformers.models.auto": (),
    "transformers.models.auto.tokenization_auto": ("AutoTokenizer",),
}


@contextmanager
def standing_in() -> Iterator[None]:
    """Empty modules where the real ones are not installed, and none left behind: others look."""
    made = []
    for name, words in _NAMES.items():
        top = name.partition(".")[0]
        if top not in made and importlib.util.find_spec(top) is not None:
            continue
        module = ModuleType(name)
        module.__spec__ = ModuleSpec(name, None, is_package=True)
        module.__path__ = []
        for word in words:
            setattr(module, word, type(word, (), {}))
        sys.modules[name] = module
        made.append(name)
    yield
    for name in made:
        del sys.modules[name]
