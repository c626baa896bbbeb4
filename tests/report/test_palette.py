"""The palette keeps its promise: told apart by colour-blind readers, seen on both grounds."""

import itertools

import numpy as np
import pytest

from atlasmix.report.figures.drawing import (
    CATEGORIES,
    GREY,
    PROVENANCE,
    diverging,
    letters_on,
    sequential,
)

GROUNDS = {"light": "#FFFFFF", "dark": "#14181F"}
# Machado, Oliveira and Fernandes 2009, severity 1, on linear RGB.
SIGHT = {
    "normal": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def linear(colour):
    part = np.array([int(colour[place : place + 2], 16) for place in (1, 3, 5)]) / 255
    return np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)


def luminance(colour):
    return float(linear(colour) @ [0.2126, 0.7152, 0.0722])


def contrast(one, other):
    bright, dim = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def oklab(colour, sight):
    seen = np.clip(np.array(SIGHT[sight]) @ linear(colour), 0, 1)
    return LAB @ np.cbrt(LMS @ seen)


@pytest.mark.parametrize("sight", SIGHT)
def test_categories_are_told_apart(sight):
    for one, other in itertools.combinations(CATEGORIES, 2):
        assert np.linalg.norm(oklab(one, sight) - oklab(other, sight)) >= 0.1, (one, other)


@pytest.mark.parametrize("ground", GROUNDS.values(), ids=GROUNDS)
def test_marks_stand_out_from_the_ground(ground):
    for colour in (*CATEGORIES, GREY):
        assert contrast(colour, ground) >= 3.0, (colour, ground)


@pytest.mark.parametrize("dark", [False, True])
def test_scales_run_evenly_in_lightness(dark):
    steps = [oklab(colour, "normal")[0] for _, colour in sequential(dark)]
    assert steps == sorted(steps, reverse=not dark)
    both = [oklab(colour, "normal")[0] for _, colour in diverging(dark)]
    middle = len(both) // 2
    away = [both[middle:], both[middle::-1]]
    for side in away:
        assert side == sorted(side, reverse=not dark), "further from nothing is further in light"


@pytest.mark.parametrize("sight", SIGHT)
def test_harm_and_help_are_never_one_colour(sight):
    for dark in (False, True):
        scale = diverging(dark)
        for (_, low), (_, high) in zip(scale[:3], scale[::-1][:3], strict=True):
            assert np.linalg.norm(oklab(low, sight) - oklab(high, sight)) >= 0.08


def test_provenances_differ_in_more_than_colour():
    assert len({pattern for _, pattern in PROVENANCE.values()}) == len(PROVENANCE)


@pytest.mark.parametrize("colour", [*CATEGORIES, GREY])
def test_letters_on_an_area_are_read(colour):
    assert contrast(letters_on(colour), colour) >= 4.5
