"""Counting a corpus: files in, mergeable counts and what they say of it out."""
