"""Exporters: a recipe in the words of a training framework, one module a framework."""
