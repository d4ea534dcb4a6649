"""One run: built from its config, trained, scored, checkpointed and recorded."""
