"""Running a record's run again, and saying whether the same came of it."""
