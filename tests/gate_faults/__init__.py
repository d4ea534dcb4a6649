"""Mistakes to plant in a worker: each module makes one when it is imported, by a gin file, say."""
