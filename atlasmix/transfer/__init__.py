"""From scores to the law: transfer weights τ of pairs and capacity exponents φ of targets."""
