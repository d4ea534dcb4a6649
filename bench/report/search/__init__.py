"""The page of a search, as a function of its findings and their records."""
