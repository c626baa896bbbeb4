"""Scaling laws: what data and parameters give, repeated tokens, what a model costs."""
