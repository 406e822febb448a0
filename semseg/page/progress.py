"""What is under way: how far each picture is, how long it takes, and a way to stop it."""

from __future__ import annotations

import html
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace

import streamlit as st

from semseg.figures.palette import BACKGROUNDS
from semseg.io.micrograph import Micrograph
from semseg.page import stages, work
from semseg.page.look import look_again
from semseg.page.text import plain
from semseg.page.visit import Visit
from semseg.page.work import Progress

__all__ = ["STYLE", "duration", "show", "stop_what_was_read"]

QUIET_TABS = ("Sizes", "Prepare")  # which show one picture alone
LOOK_S = 0.5  # how often the page looks for what is new
STYLE = """
<style>
  .semseg-progress { display: flex; flex-wrap: wrap; gap: .15rem 1.25rem; font-size: .875rem;
    max-height: 7.5rem; overflow-y: auto; }
  .semseg-progress span { white-space: nowrap; }
  .semseg-progress .waits, .semseg-progress .done { opacity: .7; }
  /* beside a result, over which it lies without moving it */
  .st-key-under_way_aside { position: fixed; right: 1rem; bottom: 1rem; z-index: 90;
    width: min(30rem, calc(100vw - 2rem)); padding: .75rem 1rem; border-radius: .5rem;
    border: 1px solid rgba(128, 128, 128, .4); box-shadow: 0 4px 16px rgba(0, 0, 0, .25); }
  .st-key-under_way_aside .semseg-progress { max-height: 4.5rem; }
  /* neither there nor in the background does it take room: the view would move when it ends */
  [data-testid=stLayoutWrapper]:has(> .st-key-progress), .st-key-progress { display: contents; }
  [data-testid=stLayoutWrapper]:has(> .st-key-looks):has(
    .st-key-under_way_aside, .st-key-in_background) { position: absolute; }
</style>
"""


def show(pictures: Sequence[Progress], shown: int, unread: Sequence[str]) -> None:
    """How things stand; nothing where nothing is under way."""
    under_way, reading = work.visit(), work.reading()
    waits = under_way.under_way() or reading.under_way()
    is_looked_for = waits or under_way.under_way(background=True)
    under_way.watched = reading.watched = bool(is_looked_for and not under_way.busy)
    if under_way.busy:
        st.error(plain(str(under_way.busy)))
        # any run of the page asks again; what is there already stays
        st.button("Try again", icon=":material/refresh:", key="try_again")
    elif is_looked_for:
        with st.container(key="looks"):
            _look(pictures, shown, unread)
    elif under_way.answers > under_way.seen or reading.answers > reading.seen:
        st.rerun()  # the last ones came since the page looked
    stopped = [each.micrograph for each in pictures if each.stopped]
    if stopped:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            plural = "s were" if len(stopped) > 1 else " was"
            st.caption(f"{len(stopped)} picture{plural} not analysed, since you stopped it.")
            st.button("Go on", icon=":material/play_arrow:", key="go_on", on_click=work.go_on)


def stop_what_was_read(micrographs: Sequence[Micrograph], unread: Sequence[str]) -> None:
    """Where a person stopped everything while files were being read, those are stopped, too."""
    if st.session_state.get("stop_unread"):
        work.stop(micrographs)
        st.session_state.stop_unread = bool(unread)


def duration(seconds: float | None) -> str:
    """How long is left, in round words.

    >>> [duration(s) for s in (None, 3, 41, 100, 4000)]
    ['', 'a few seconds left', 'about 40 s left', 'about 2 min left', 'about 1 h 7 min left']
    """
    if seconds is None:
        return ""
    if seconds < 5:
        return "a few seconds left"
    if seconds < 55:
        return f"about {5 * round(seconds / 5)} s left"
    minutes = max(1, round(seconds / 60))
    if minutes < 60:
        return f"about {minutes} min left"
    return f"about {minutes // 60} h {minutes % 60} min left"


@st.fragment
def _look(pictures: Sequence[Progress], shown: int, unread: Sequence[str]) -> None:
    """One look: hand on what may begin by now, say how things stand, run the page for news."""
    under_way, reading = work.visit(), work.reading()
    under_way.go_on()
    cancelled = st.session_state.pop("cancelled", False)
    if cancelled or under_way.left or _is_news(pictures, shown, under_way, reading):
        st.rerun(scope="app")
    items = _items(pictures, unread, under_way)
    is_waited_for = any(item.waits for item in items)
    look_again(LOOK_S if is_waited_for else 2 * LOOK_S)
    if not is_waited_for:
        st.container(key="in_background", height=1, border=False)
        return
    is_aside = bool(pictures) and pictures[shown].image is not None
    if is_aside:
        background = BACKGROUNDS[st.context.theme.type or "light"]
        st.html(f"<style>.st-key-under_way_aside {{ background: {background}; }}</style>")
    with st.container(key="under_way_aside" if is_aside else "under_way", gap="small"):
        _bar(items, pictures, unread, under_way)
        if len(items) > 1:
            st.html(f'<div class="semseg-progress">{"".join(map(_chip, items))}</div>')


def _is_news(pictures: Sequence[Progress], shown: int, under_way: Visit, reading: Visit) -> bool:
    """Whether there is something that the page as it stands does not show."""
    if reading.answers > reading.seen:
        return True
    if under_way.answers == under_way.seen:
        return False
    waits = {wish.key for wish in under_way.under_way()}
    if not waits or st.session_state.get("tab") not in (None, *QUIET_TABS):
        return True
    if pictures[shown].under_way:
        return pictures[shown].key not in waits
    return pictures[shown].image is None


@dataclass(frozen=True)
class _Item:
    """One thing that is waited for, or was: its name, what happens to it, the share done."""

    title: str
    said: str
    share: float
    waits: bool = True
    runs: bool = False


def _items(pictures: Sequence[Progress], unread: Sequence[str], under_way: Visit) -> list[_Item]:
    """The pictures in their order, then what else is waited for."""
    waits = {wish.key: wish for wish in under_way.under_way()}
    items = []
    is_first = True
    for each in pictures:
        name = each.micrograph.name
        if each.stopped:
            continue
        if each.under_way and each.key in waits:
            item = _waiting(name, each.key, under_way)
            # one place in line is told, that of the next; the others follow it
            items.append(item if item.runs or is_first else replace(item, said="waits"))
            is_first &= item.runs
            del waits[each.key]
        else:
            failed = each.problem or each.key in under_way.problems
            items.append(_Item(name, "failed" if failed else "done", 1.0, waits=False))
    items += [_Item(name, "reading", 0.0, runs=not number) for number, name in enumerate(unread)]
    return items + [_waiting(wish.title, key, under_way) for key, wish in waits.items()]


def _waiting(title: str, key: Hashable, under_way: Visit) -> _Item:
    standing = under_way.standing(key)
    if standing is not None:
        runs = not standing.position
        return _Item(title, stages.words(standing), stages.share(standing), runs=runs)
    if (rest := under_way.rest()) > 0:
        most = under_way.per_minute
        said = f"goes on in {rest:.0f} s: this server takes {most} a minute from one visitor"
        return _Item(title, said, 0.0)
    return _Item(title, "waits", 0.0)


def _bar(
    items: Sequence[_Item], pictures: Sequence[Progress], unread: Sequence[str], under_way: Visit
) -> None:
    """How far all is, what is done now and how long it takes; *Cancel*."""
    waiting = [item for item in items if item.waits]
    now = next((item for item in waiting if item.runs), waiting[0])
    done, count = len(items) - len(waiting), len(items)
    which = f"{done + 1} of {count}: " if count > 1 else ""
    text = f"{which}{plain(now.title)}: {now.said}"
    if left := duration(under_way.seconds_left()):
        text += f" \N{MIDDLE DOT} {left}"
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.progress(sum(item.share for item in items) / count, text)
        if pictures:
            st.button(
                "Cancel the rest" if done else "Cancel",
                icon=":material/close:",
                key="cancel",
                on_click=_cancel,
                args=(pictures, bool(unread)),
                help="What is done stays.",
            )


def _chip(item: _Item) -> str:
    kind = "runs" if item.runs else "waits" if item.waits else "done"
    share = f" {item.share:.0%}" if item.runs and item.share else ""
    return f'<span class="{kind}">{html.escape(item.title)}: {html.escape(item.said)}{share}</span>'


def _cancel(pictures: Sequence[Progress], more_to_come: bool) -> None:
    work.stop([each.micrograph for each in pictures if each.under_way])
    st.session_state.stop_unread = more_to_come
    st.session_state.cancelled = True
