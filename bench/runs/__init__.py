"""What a run leaves: record, folder, lock, news and checkpoint."""
