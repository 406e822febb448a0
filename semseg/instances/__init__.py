"""From the network's maps to particles: fragments, merge tree, scores, confidence."""
