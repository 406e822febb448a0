"""*Help*, and *Report a problem*: both without any network but this page's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from email.message import Message
from importlib import metadata
from pathlib import Path
from urllib.parse import urlencode

import streamlit as st

from semseg.analysis import Analysis
from semseg.display import Display
from semseg.errors import ModelError
from semseg.figures.states import STATES
from semseg.inference.segmenter import Segmenter
from semseg.page import address, choices, work
from semseg.settings import Settings
from semseg.statistics.counting import Counts
from semseg.version import NUMBERS, __version__

__all__ = ["buttons", "contact", "problem_text"]

TEXT = Path(__file__).with_name("help.md")
FORM = "wrong_number.yml"  # of .github/ISSUE_TEMPLATE, whose fields are named below
KEY = (
    '<span style="white-space: nowrap; margin-right: 1.25rem"><span style="display: inline-block; '
    "width: 1.5rem; border-top: 3px {style} {ink}; vertical-align: middle; margin-right: 0.4rem"
    '"></span>{name}</span>'
)
MAX_CHARACTERS = 1500  # of the text in an address; a server takes some 8,000 bytes of that


def buttons() -> None:
    """The two buttons; what they open lies over the page."""
    with st.container(horizontal=True, gap="medium"):
        if st.button("Help", icon=":material/help:", type="tertiary", key="help"):
            _help()
        if st.button("Report a problem", icon=":material/flag:", type="tertiary", key="problem"):
            _problem()


@st.dialog("How it works", width="medium", icon=":material/help:")
def _help() -> None:
    steps, _, privacy = TEXT.read_text("utf-8").strip().rpartition("\n\n")
    st.markdown(steps)
    keys = "".join(
        KEY.format(style="dashed" if state.dashed else "solid", ink=state.ink, name=state.name)
        for state in STATES.values()
    )
    st.html(f"<p>{keys}</p>")
    st.caption(privacy)
    about = _about_this()
    for name, url in _addresses(about):
        if "documentation" in name.lower():
            st.link_button("Tutorial and reference", url, icon=":material/menu_book:")


@st.dialog("Report a problem", width="medium", icon=":material/flag:")
def _problem() -> None:
    network = None
    with suppress(ModelError):  # which is the problem, then
        network = work.segmenter(choices.current().provider)
    latest = st.session_state.get("latest", {})
    analysis: Analysis | None = latest.get("analysis") if st.session_state.shown_key else None
    text = problem_text(network, choices.current(), choices.current_display(), analysis)
    st.markdown(
        "A result that is wrong without saying so is the worst fault that this program can have: "
        "thank you for telling. Say **what is wrong, and how you know what is right**, and add the "
        "text below. It holds versions and settings, and neither your picture nor its name."
    )
    st.code(text, language=None, wrap_lines=True)
    st.markdown(
        "With the **session** (under *Download*, *Reproduce*) and the picture the result can be "
        "repeated exactly; attach them only if they may be seen."
    )
    to = contact(_about_this(), text)
    if to:
        st.link_button("Write it there", to, icon=":material/open_in_new:", type="primary")
    else:
        st.caption("Copy it, and send it to whoever runs this page for you.")


def problem_text(
    network: Segmenter | None,
    settings: Settings,
    display: Display,
    analysis: Analysis | None = None,
) -> str:
    """What a maintainer asks first, without the picture, its name, or who is asking."""
    lines = [f"semseg {__version__}, numbers {NUMBERS}"]
    if network is not None:
        info = network.info
        lines.append(f"model {info.name} {info.version} ({info.sha256[:12]}), {network.provider}")
    lines.append(f"settings: {', '.join(address.in_words(settings, display)) or 'the usual ones'}")
    if agent := st.context.headers.get("User-Agent"):
        lines.append(f"browser: {agent[:200]}")
    if analysis is not None:
        micrograph, counts = analysis.micrograph, Counts.of(analysis.particles)
        calibration = analysis.calibration
        scale = f"{calibration.per_pixel} ({calibration.marked_source})" if calibration else "none"
        suffix = Path(micrograph.name).suffix.lower()
        lines += [
            f"picture: {micrograph.width} x {micrograph.height} px, {micrograph.bit_depth} bit, "
            f"{suffix or 'no suffix'}, sha256 {micrograph.sha256[:12]}",
            f"scale: {scale}",
            f"rescale: {analysis.rescale:.4g} ({analysis.rescale_source})",
            f"particles: {counts.found} found, {counts.kept} kept, {counts.counted} counted",
        ]
        notes = (note.replace(micrograph.name, "the picture") for note in analysis.notes)
        lines += [f"note: {note}" for note in notes]
    return "\n".join(lines)


def contact(about: Message | Mapping[str, str] | None, text: str) -> str | None:
    """Where a problem is told, filled with the text: the project's issues, else its mail address;
    None where its metadata name neither.

    >>> contact({"Author-email": "semseg <a@b.org>"}, "semseg 1")
    'mailto:a@b.org?subject=semseg%3A+a+problem&body=semseg+1'
    """
    if about is None:
        return None
    for name, url in _addresses(about):
        if any(word in name.lower() for word in ("issue", "bug", "repository", "source")):
            if "github.com" not in url:
                return url
            version, _, _ = text.partition("\n")
            fields = {"template": FORM, "version": version, "notes": text[:MAX_CHARACTERS]}
            query = urlencode(fields)
            return f"{url.rstrip('/').removesuffix('/issues')}/issues/new?{query}"
    mail = str(about.get("Author-email") or about.get("Maintainer-email") or "")
    if "@" not in mail:
        return None
    person = mail.partition("<")[2].partition(">")[0] or mail
    query = urlencode({"subject": "semseg: a problem", "body": text[:MAX_CHARACTERS]})
    return f"mailto:{person.strip()}?{query}"


def _about_this() -> Message | None:
    """The project's metadata, where it is installed as a package."""
    try:
        found: Message = metadata.metadata("semseg")  # type: ignore[assignment]
    except metadata.PackageNotFoundError:
        return None
    return found


def _addresses(about: Message | Mapping[str, str] | None) -> Sequence[tuple[str, str]]:
    """What metadata call ``Project-URL``: name and address."""
    if about is None:
        return []
    every = about.get_all("Project-URL", []) if isinstance(about, Message) else []
    pairs = [str(each).partition(",") for each in every]
    named = [(name.strip(), url.strip()) for name, _, url in pairs]
    return [(name, url) for name, url in named if url.startswith("https:")]
