"""The question: targets, constraints, phases, budget, evidence; as data, text and link."""
