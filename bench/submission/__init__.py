"""Judging records that other people made, before they stand beside one's own.

A record that comes from elsewhere is data and nothing else: no name in it becomes a path, nothing
in it is imported, and nothing of it is written unless all of it could be true.
"""
