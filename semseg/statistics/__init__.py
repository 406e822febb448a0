"""Distributions of many particles: summaries, intervals, fits, counting rules."""
