"""Benchmarks of the mixing solver: the worlds, the rivals, the judge and the runs."""
