"""The linked view of a picture and its sizes: one Streamlit component.

    data = pack(analysis)                      # once per picture
    picture(data, key="view")
    start = ViewState(threshold=analysis.filter_threshold)
    state = viewer(data, start, command="1", key="view")
    state.edits                                # {17: False, ...}: what was decided by hand

Everything that moves while a person drags happens in the browser: outlines, histogram or scatter,
numbers and table follow the filter there, by the same rules as in Python (``statistics.js``; one
test runs both). Python hears of it when something is finished. Which graph is seen stays there.

The picture travels in a component of its own, which shows nothing and stays out of a fragment that
the view is in: while outlines are put right nothing of it is looked at, and what became of it is a
`patch` of a few kB.

The browser sends one value, `view`: ``id`` and `command` that it answers, then the fields of
`ViewState`. Particles stand in it as rows of the table, either a list of them or, where that is
shorter, base64 of one bit per row, the lowest bit first.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit.runtime.scriptrunner import get_script_run_ctx

from semseg.errors import OutputError
from semseg.operations import Line
from semseg.viewer import assets
from semseg.viewer.packing import ghost_of, pack
from semseg.viewer.patching import patch
from semseg.viewer.state import ViewState

__all__ = [
    "BASE",
    "ViewState",
    "asked",
    "committed",
    "files_address",
    "ghost_of",
    "pack",
    "patch",
    "patched_labels",
    "picture",
    "preload",
    "run_when_back",
    "seams",
    "seams_wanted",
    "viewer",
]

MAX_NUMBER = 100  # letters of the number of what is asked for
MAX_WANTED = 8  # particles whose seams are asked for together
HERE = Path(__file__).resolve().parent

# All that Streamlit is given; the rest is imported from where the app itself serves it. The
# address of Streamlit's own bundle says where that is, behind any base path or proxy.
BASE = """
function base() {
  const bundle = document.querySelector('script[src*="static/js/"]');
  const address = bundle ? bundle.src : document.baseURI;
  const end = address.lastIndexOf("static/js/");
  return end < 0 ? new URL(".", document.baseURI).href : address.slice(0, end);
}
"""
ENTRY = """
export default function (component) {
  const root = component.parentElement.querySelector(".semseg-viewer");
  const folder = `${base()}${component.data.assets}/`;
  const module = import(`${folder}viewer.js`);
  module.then(
    ({ show }) => show(root, component, folder),
    () => {
      root.querySelector(".sv-message").textContent =
        "The view could not be loaded from this server; reload the page, or tell whoever runs it.";
    },
  );
  return () => module.then(({ leave }) => leave(root), () => {});
}
"""
# The view waits for it, and tells of a failure.
PICTURE = """
export default function (component) {
  const folder = `${base()}${component.data.assets}/`;
  const module = import(`${folder}viewer.js`);
  module.then(({ deliver }) => deliver(component.data), () => {});
}
"""
# The view asks through it; without it, it shows no seams.
SEAMS = """
export default function (component) {
  const folder = `${base()}${component.data.assets}/`;
  const module = import(`${folder}viewer.js`);
  module.then(({ hint }) => hint(component), () => {});
}
"""
# A failure is no matter here: the view itself will tell.
PRELOAD = """
export default function (component) {
  const folder = `${base()}${component.data.assets}/`;
  setTimeout(() => import(`${folder}viewer.js`).then((m) => m.preload(folder), () => {}), 200);
}
"""

# Streamlit itself runs the page again only if it was running when the server was lost
AGAIN = """
export default function (component) {
  const app = document.querySelector("[data-test-connection-state]");
  const place = component.parentElement;
  place.semsegLatest = component; // called anew whenever the data change
  if (app && !place.semsegLeave) {
    let lost = false;
    const watch = new MutationObserver(() => {
      const connected = app.dataset.testConnectionState === "CONNECTED";
      const { setTriggerValue, data } = place.semsegLatest;
      if (connected && lost) setTriggerValue("again", data.files);
      lost = !connected;
    });
    watch.observe(app, { attributeFilter: ["data-test-connection-state"] });
    place.semsegLeave = () => watch.disconnect();
  }
  return place.semsegLeave;
}
"""

_COMPONENT = st.components.v2.component(
    "semseg_viewer",
    html=(HERE / "viewer.html").read_text(encoding="utf-8"),
    js=BASE + ENTRY,
    isolate_styles=False,  # plotly.js puts its style into the document, out of a shadow's reach
)
_PICTURE = st.components.v2.component("semseg_picture", js=BASE + PICTURE)
_SEAMS = st.components.v2.component("semseg_seams", js=BASE + SEAMS)
_PRELOAD = st.components.v2.component("semseg_preload", js=BASE + PRELOAD)
_AGAIN = st.components.v2.component("semseg_again", js=AGAIN)


def preload() -> None:
    """Load plotly.js while a person is still looking for a file; shows nothing.

    Raises
    ------
    OutputError
        When the files for the browser cannot be written anywhere.
    """
    _PRELOAD(data={"assets": files_address()}, key="semseg_preload", height=1)


def run_when_back(files: int) -> int:
    """Run the page again when its server has come back; shows nothing.

    Returns
    -------
    int
        The number of `files` that the page had when the server was lost, in the run that follows;
        else 0. A server that was started again has none of them.
    """
    result = _AGAIN(data={"files": files}, key="semseg_again", height=1, on_again_change=_nothing)
    had = result.get("again")
    return had if type(had) is int and had > 0 else 0


def picture(data: dict[str, Any], *, key: str) -> None:
    """Send a picture to the view of this key, which waits for it; shows nothing.

    Raises
    ------
    OutputError
        When the files for the browser cannot be written anywhere.
    """
    sent = {"picture": data, "assets": files_address(), "key": key}
    _PICTURE(data=sent, key=f"{key}_picture", height=1)


def viewer(
    data: dict[str, Any],
    start: ViewState,
    *,
    command: str,
    key: str,
    history: tuple[int, int] = (0, 0),
    settled: int = 0,
    patch: dict[str, Any] | None = None,
    answer: tuple[str, str, Line | None] | None = None,
    ghost: dict[str, Any] | None = None,
) -> ViewState:
    """Show a picture and its sizes; return what the person has done with them.

    Parameters
    ----------
    data : dict
        From `pack`, as `picture` has sent it. Keep it, `start` and `command` unchanged between
        reruns: then only a hash of them travels.
    start : ViewState
        What the view begins with. The browser takes it over when the id shown or `command` is
        new to it, and otherwise goes on with what it has.
    command : str
        Any text; a new one makes the browser take over `start`.
    key : str
        Of the component, as in Streamlit.
    history : (int, int)
        How many corrections of outlines can be undone, and how many done again.
    settled : int
        How many of the steps of `start` came with these corrections, and are undone with them.
    patch : dict, optional
        From `semseg.viewer.patching.patch`: what became of `data` since. Its id is then that of
        what is shown.
    answer : (str, str, line or None), optional
        The ``number`` of what was asked for last (see `asked`), why it was not done (empty where it
        was), and the outline that is proposed, where one was looked for.
    ghost : dict, optional
        From `ghost_of`: an earlier result of the same picture, to be compared with.

    Returns
    -------
    ViewState
        What the browser committed for this picture and command; `start` until then.

    Raises
    ------
    OutputError
        When the files for the browser cannot be written anywhere.
    """
    payload = {
        "id": patch["id"] if patch else data["id"],
        "picture": data["id"],
        "patch": patch,
        "start": start.to_dict(),
        "command": command,
        "history": list(history),
        "settled": settled,
        "answer": answer and dict(zip(("to", "said", "proposed"), answer, strict=True)),
        "ghost": ghost,
        "assets": files_address(),
        "key": key,
    }
    _COMPONENT(data=payload, key=key, on_view_change=_nothing, on_ask_change=_nothing)
    return committed(key, payload["id"], command, patched_labels(data, patch), start)


def committed(
    key: str, shown: str, command: str, labels: NDArray[np.int32], start: ViewState
) -> ViewState:
    """What the browser committed for what was shown (an id) and a command; `start` until then.

    `labels` are those of the table, in its order.
    """
    view = _sent(key, "view")
    if view is None or view.get("id") != shown or view.get("command") != command:
        return start
    return _received(view, labels, start)


def asked(key: str, shown: str, last: str | None) -> Mapping[str, Any] | None:
    """What the person asks to be done to outlines since `last`, the ``number`` of what was asked
    for before; before the view is shown in this run.

    Returns
    -------
    mapping or None
        ``do`` and what that needs, as ``Ask`` in ``types.d.ts``, and its ``number``, a text;
        nothing else of it can be trusted.
    """
    ask = _sent(key, "ask")
    number = ask.get("number") if ask else None
    if ask is None or not isinstance(number, str) or number == last or len(number) > MAX_NUMBER:
        return None
    # about what is shown; a second Ctrl+Z may come before what the first one gave has arrived
    if ask.get("id") != shown and ask.get("do") not in ("undo", "redo"):
        return None
    return ask


def seams_wanted(key: str, shown: str) -> tuple[int, ...]:
    """The labels whose seams the browser wants to show; none unless `shown` is what it shows."""
    wanted = _sent(f"{key}_seams", "wanted")
    labels = wanted.get("labels") if wanted and wanted.get("id") == shown else None
    if not isinstance(labels, list):
        return ()
    return tuple(label for label in labels[:MAX_WANTED] if type(label) is int)


def seams(
    shown: str, found: Mapping[int, Sequence[tuple[float, Sequence[Line]]]], *, key: str
) -> None:
    """Tell the view of this key where particles of what is shown may be parted; shows nothing.

    It is for a fragment of its own: what a pointer passes over asks for nothing else.

    Parameters
    ----------
    shown : str
        Id of what is shown.
    found : mapping
        Of each label, the likeliest seam first: the log odds that both sides are one particle, and
        lines of (x, y) in recorded px.
    """
    told = {
        str(label): [
            {"odds": odds, "lines": [np.round(line, 2).tolist() for line in lines]}
            for odds, lines in each
        ]
        for label, each in found.items()
    }
    sent = {"key": key, "id": shown, "seams": told, "assets": files_address()}
    _SEAMS(data=sent, key=f"{key}_seams", height=1, on_wanted_change=_nothing)


def patched_labels(data: Mapping[str, Any], patch: Mapping[str, Any] | None) -> NDArray[np.int32]:
    """The labels of the table that is shown, in its order."""
    labels: NDArray[np.int32] = np.frombuffer(base64.b64decode(data["label"]), "<i4")
    if patch is None:
        return labels
    gone, new = (np.frombuffer(base64.b64decode(patch[name]), "<i4") for name in ("gone", "label"))
    return np.sort(np.concatenate([labels[~np.isin(labels, gone)], new]))


def _sent(key: str, name: str) -> Mapping[str, Any] | None:
    """What the browser sent under a name."""
    sent = st.session_state.get(key)
    value = sent.get(name) if isinstance(sent, Mapping) else None
    return value if isinstance(value, Mapping) else None


def _nothing() -> None:
    """Streamlit asks for a function to call; the script itself reads the value."""


def files_address() -> str:
    """Where the app serves the files for the browser.

    That is its ``static/``; where this is not served or cannot be written, a temporary folder,
    which Streamlit serves as that of a component in an earlier style.
    """
    if not st.get_option("server.enableStaticServing"):
        return _spare_address()
    try:
        return f"app/static/{assets.publish(_static_folder())}"
    except OutputError as error:
        try:
            return _spare_address()
        except OutputError:
            raise error from None


def _spare_address() -> str:
    spare = assets.spare_folder()
    name = assets.publish(spare)
    served = st.components.v1.declare_component("files", path=spare).name
    return f"component/{served}/{name}"


def _static_folder() -> Path:
    """The folder that Streamlit serves as ``app/static/``."""
    context = get_script_run_ctx()
    script = Path(context.main_script_path) if context else Path.cwd() / "page"
    return script.resolve().parent / "static"


def _received(view: Mapping[str, Any], labels: NDArray[np.int32], start: ViewState) -> ViewState:
    """The browser's value with labels in place of rows."""
    steps = view.get("steps")
    fields = dict(view, selection=_labels(view.get("selection"), labels))
    if isinstance(steps, list):
        fields["steps"] = list(_steps(steps, labels))
    return ViewState.from_dict(fields, fallback=start)


def _steps(steps: list[Any], labels: NDArray[np.int32]) -> Iterator[Any]:
    for step in steps:
        if isinstance(step, list) and len(step) == 2:
            yield [step[0], _labels(step[1], labels)]
        else:
            yield None


def _labels(rows: object, labels: NDArray[np.int32]) -> list[int] | None:
    """Labels of these rows; None when they cannot be read."""
    if isinstance(rows, str):
        try:
            packed = np.frombuffer(base64.b64decode(rows, validate=True), np.uint8)
        except ValueError:
            return None
        if packed.size > (labels.size + 7) // 8:
            return None
        bits = np.unpackbits(packed, bitorder="little")[: labels.size]
        chosen: list[int] = labels[: bits.size][bits.astype(bool)].tolist()
        return chosen
    if not isinstance(rows, list) or len(rows) > labels.size:
        return None
    if not all(type(row) is int and 0 <= row < labels.size for row in rows):
        return None
    return [int(labels[row]) for row in rows]
