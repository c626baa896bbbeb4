"""What others made, looked at: mixtures before a run, logs after it."""
