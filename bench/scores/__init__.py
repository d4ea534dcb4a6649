"""Judges: frozen extractors and exact measures that score a generator's samples."""
