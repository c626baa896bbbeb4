"""What YAML 1.1, YAML 1.2 and OmegaConf read differently: words to keep out of keys and values."""

from __future__ import annotations

TRUTHS = {"y", "n", "yes", "no", "on", "off", "true", "false"}


def number_like(word: str) -> bool:
    """Whether a reader may take a word for a number or a truth."""
    if word.casefold() in TRUTHS:
        return True
    try:
        float(word)
    except ValueError:
        return False
    return True


def opens_alike(content: object) -> bool:
    """Whether every key is a text that all readers take for one."""
    if isinstance(content, dict):
        return all(
            isinstance(key, str) and not number_like(key) and opens_alike(value)
            for key, value in content.items()
        )
    return all(map(opens_alike, content)) if isinstance(content, list) else True
