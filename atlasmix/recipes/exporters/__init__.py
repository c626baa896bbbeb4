"""Exporters: a recipe in the words of a training framework, one module a framework."""

from atlasmix.recipes.exporters.exporter import Export, Exporter
from atlasmix.recipes.exporters.exporting import Written, export_recipe
from atlasmix.recipes.exporters.folder import write_folder
from atlasmix.recipes.exporters.paths import read_paths
from atlasmix.recipes.exporters.plan import Run
from atlasmix.recipes.exporters.planning import Wishes
from atlasmix.recipes.exporters.registry import all_exporters, find_exporter

__all__ = [
    "Export",
    "Exporter",
    "Run",
    "Wishes",
    "Written",
    "all_exporters",
    "export_recipe",
    "find_exporter",
    "read_paths",
    "write_folder",
]
