"""The shelf of evidence: transfer matrices, token inventories, their cards, published mixtures."""
