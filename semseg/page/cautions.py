"""What must be said beside the figures, and the better figures at one click.

The words are those of `semseg.metrology.cautions`.
"""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from semseg.metrology.cautions import Caution, RuleComparison, cautions, unbroken
from semseg.statistics.counting import in_short

__all__ = ["STYLE", "in_full", "in_one_line"]

ALL = ("count", False)  # the counting rule that leaves no accepted particle out
USE = {
    "edge": "Use corrected figures",
    "covered": "Use fully visible ones",
    "both": "Use both corrections",
}

# For the head of the page. The line keeps its height where there is room for it, since the view
# below must not move when the filter changes what is said.
STYLE = """
<style>
  .st-key-caution_line { min-height: 2rem; margin-block: -0.4rem; }
  [class*=st-key-caution] { row-gap: 0; }
  [class*=st-key-caution] p { font-size: 0.875rem; }
  [class*=st-key-caution] button { min-height: 0; padding-block: 0.2rem; }
  [class*=st-key-caution] button p { text-decoration: underline; text-underline-offset: 0.2em; }
</style>
"""


def in_one_line(comparison: RuleComparison) -> None:
    """Above the view: what must be said, with the best figures there are; else what is counted."""
    said, shown = cautions(comparison), comparison.shown
    rule = (shown.edges, shown.visible_only)
    with st.container(
        key="caution_line", horizontal=True, vertical_alignment="center", gap="small"
    ):
        if said and said[-1].kind == "both":
            *each, both = said
            _say(f"{', '.join(caution.fact for caution in each)}; {both.remedy}")
            _offer(both, said, "line")
        else:
            for caution in said:
                _say(caution.words)
                _offer(caution, (caution,), "line")
        if rule != ALL:
            st.caption(f"Counted: {in_short(*rule)}.", width="content")
            _take("Count all", ALL, "count_all")
        elif not said:
            counted, cut, covered = shown.count, comparison.cut, comparison.covered
            st.caption(
                f"{counted:,} counted: {cut:,} cut by the edge, {covered:,} partly covered.",
                width="content",
            )


def in_full(comparison: RuleComparison, where: str) -> None:
    """Beside statistics: everything that must be said, in sentences; `where` names the place."""
    said = cautions(comparison)
    if not said:
        return
    with st.container(key=f"cautions_{where}"):
        for caution in said:
            _say(unbroken(caution.sentence))
        with st.container(key=f"caution_buttons_{where}", horizontal=True, gap="medium"):
            for caution in said:
                _offer(caution, (), where)


def _say(words: str) -> None:
    st.markdown(f":orange[:material/warning:] {words}", width="content")


def _offer(caution: Caution, explained: Sequence[Caution], where: str) -> None:
    """The better figures, if there are any, at one click."""
    if caution.better is not None:
        _take(
            USE[caution.kind],
            (caution.better.edges, caution.better.visible_only),
            f"use_{caution.kind}_{where}",
            " ".join(unbroken(each.sentence) for each in explained) or None,
        )


def _take(label: str, rule: tuple[str, bool], key: str, explained: str | None = None) -> None:
    """A button that makes `rule` the counting rule of the page."""
    if st.button(label, key=key, type="tertiary", help=explained):
        st.session_state.rule_wanted = rule
        st.rerun()  # all of the page: `controls.counting` takes it over
