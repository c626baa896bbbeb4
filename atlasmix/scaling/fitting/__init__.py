"""Fitting a law to one's own runs: the table, the forms, the fit, and how sure it is."""

from atlasmix.scaling.fitting.bootstrap import Bootstrap, bootstrap
from atlasmix.scaling.fitting.diagnosis import Diagnosis, diagnose
from atlasmix.scaling.fitting.fit import Fit, fit
from atlasmix.scaling.fitting.held_out import HeldOut, held_out
from atlasmix.scaling.fitting.question import Question
from atlasmix.scaling.fitting.reading import Reading, read_runs
from atlasmix.scaling.fitting.runs import Runs, make_runs
from atlasmix.scaling.fitting.target_tables import read_targets

__all__ = [
    "Bootstrap",
    "Diagnosis",
    "Fit",
    "HeldOut",
    "Question",
    "Reading",
    "Runs",
    "bootstrap",
    "diagnose",
    "fit",
    "held_out",
    "make_runs",
    "read_runs",
    "read_targets",
]
