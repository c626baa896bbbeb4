"""Corpora that others have counted, as token inventories: their indexes and their reports."""
