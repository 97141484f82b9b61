"""Measures what users wait for, as ratios to named baselines of the same run: ``python -m tests.benchmarks``."""
