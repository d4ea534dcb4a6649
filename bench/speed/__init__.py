"""Measurements of speed, as ratios within one session: absolute times are the machine's own."""
