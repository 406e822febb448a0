"""Nested mappings with one part changed."""

import copy


def altered(whole, path, value=None):
    """A copy of a nested mapping with one part, by its path (names with / between them), replaced,
    or left out where there is no value."""
    changed = copy.deepcopy(whole)
    *way, last = path.split("/")
    part = changed
    for name in way:
        part = part[name]
    if value is None:
        del part[last]
    else:
        part[last] = value
    return changed
