"""Leaderboards, as pure functions of records: the same records give the same bytes."""
