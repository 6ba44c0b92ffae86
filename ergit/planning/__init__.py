"""When the jobs of a study run: batches, windows of time, budgets, and being asked to stop. Never which commits."""
