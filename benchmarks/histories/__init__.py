"""Real histories: which commits of ten years build here, and published changes measured again; none of it a test."""
