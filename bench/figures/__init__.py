"""Figures of single runs, from their records and checkpoints, for any method.

One module a figure, each with a function ``draw(subjects) -> Figure``.
"""
