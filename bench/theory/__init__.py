"""Closed forms: what a method must do on problems that theory solves, and what it did."""
