"""Real text for tests: a play, and n-gram models that are trained on it and on themselves."""

import gzip
from pathlib import Path

import numpy as np

PLAY = Path(__file__).with_name("coriolanus.txt.gz")
"""Coriolanus by William Shakespeare (public domain), as in the file data/tinyshakespeare/input.txt
of github.com/karpathy/char-rnn (6f9487a), up to the end of the play."""


def play():
    """The play as one text."""
    return gzip.decompress(PLAY.read_bytes()).decode()


def word_ids(text):
    """The words of a text as numbers from 0, by first appearance in the alphabet."""
    return np.unique(text.lower().split(), return_inverse=True)[1]


def generate(trained, length, rng, temperature=1.0):
    """Text of a trigram model that was trained on ``trained``, which is read as a ring.

    Sampling from the model is walking through the text: from two words to a place where they
    stand, drawn at random, and on to the word that follows there. Below temperature 1 the places
    before a frequent follower are drawn more often, as the power 1/T of its probability.
    """
    size = len(trained)
    following = np.roll(trained, -1)
    context = np.roll(trained, 1).astype(np.int64) * (int(trained.max()) + 1) + trained
    order = np.lexsort((following, context))
    _, begins, counts = np.unique(context[order], return_index=True, return_counts=True)
    group = np.empty(size, dtype=np.int64)
    group[order] = np.repeat(np.arange(len(begins)), counts)
    # How much of its group's weight lies before each place, from 0 at its first.
    same = np.r_[True, (np.diff(context[order]) != 0) | (np.diff(following[order]) != 0)]
    runs = np.diff(np.r_[np.flatnonzero(same), size])
    weight = np.repeat(runs ** (1 / temperature - 1), runs)
    until = np.cumsum(weight)
    before = np.r_[0.0, until][begins]
    whole = until[begins + counts - 1] - before
    draws = rng.random(length)
    place = int(rng.integers(size))
    places = np.empty(length, dtype=np.int64)
    for step in range(length):
        here = group[place]
        found = np.searchsorted(until, before[here] + draws[step] * whole[here], side="right")
        place = (int(order[min(found, size - 1)]) + 1) % size
        places[step] = place
    return trained[places]
