"""Figures: answers, evidence and fits as Plotly charts with units and hover in sentences."""
