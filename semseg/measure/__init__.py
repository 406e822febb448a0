"""Sizes and shapes of one particle, in pixels."""
