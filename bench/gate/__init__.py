"""The gate: whether a suite's runs got worse than a baseline's, and how sure that is."""
