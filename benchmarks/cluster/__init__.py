"""What several nodes deliver that share a journal: see ``python -m benchmarks.cluster --help``."""
