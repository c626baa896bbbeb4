"""Languages: any code or name in, one ISO 639-3 language and script out."""
