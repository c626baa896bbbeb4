"""Recipes: question, answer and the origin of every number, as one YAML file."""
