"""Interactive figures as HTML files: plotly lives in this folder alone."""
