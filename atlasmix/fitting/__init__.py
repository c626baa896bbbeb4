"""Fitting a law to one's own runs: the table, the forms, the fit, and how sure it is."""
