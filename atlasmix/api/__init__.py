"""AtlasMix for a notebook: a Problem is solved, a Solution gives frames, figures and reports."""
