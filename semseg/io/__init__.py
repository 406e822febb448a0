"""Bytes in, one grey image and what is known of it out."""
