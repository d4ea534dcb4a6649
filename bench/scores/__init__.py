"""Judges: frozen classifiers and exact oracles that score a generator's samples."""
