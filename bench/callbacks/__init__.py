"""Who listens to a run: callbacks, which hear all that it does and change nothing of it."""
