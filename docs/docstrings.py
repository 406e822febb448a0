"""A Griffe extension for mkdocstrings (mkdocs.yml names it): docstrings as Markdown.

They are written to be read in the source. Doctests stand where they explain something, tables are
drawn with ``=``, and names carry the roles of Sphinx. Markdown would run all three together.
"""

from __future__ import annotations

import re
from typing import Any

import griffe

DOCTEST = re.compile(r"^( *)>>> .*(?:\n *\S.*)*", re.MULTILINE)
TABLE = re.compile(r"^( *)=={2,}[= ]*\n(?: *\S.*\n)+?\1=={2,}[= ]*(?=\n *\n|\n?\Z)", re.MULTILINE)
ROLE = re.compile(r":[a-z]+:`~?([^`]+)`")


def as_markdown(docstring: str) -> str:
    """The docstring with doctests and tables in fences and without roles."""
    docstring = DOCTEST.sub(r"\1```pycon\n\g<0>\n\1```", docstring)
    docstring = TABLE.sub(r"\1```text\n\g<0>\n\1```", docstring)
    return ROLE.sub(r"`\1`", docstring)


class MarkdownDocstrings(griffe.Extension):
    """Turns every docstring into Markdown before it is parsed."""

    def on_object(self, *, obj: griffe.Object, **kwargs: Any) -> None:
        if obj.docstring is not None:
            obj.docstring.value = as_markdown(obj.docstring.value)
