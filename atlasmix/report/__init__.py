"""What a person reads: sentences, tables and figures of an answer and its evidence."""
