"""Reading and writing files: safe YAML, tables from strangers, whole or not at all."""
