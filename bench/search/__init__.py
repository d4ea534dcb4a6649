"""Searches a method's hyper-parameters: what to try, in what order, and what it was worth."""
