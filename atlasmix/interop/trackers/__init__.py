"""Runs as trackers and trainers log them: every format read by itself, a piece at a time."""
