"""From names and gin files to runs, with every binding checked before any work."""
