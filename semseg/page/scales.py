"""The scale of a picture: which one is used and from where, and how a person gives another.

One card says it, one field changes it. What is typed belongs to the picture that is shown.
"""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from semseg.errors import SemsegError
from semseg.fields import Number
from semseg.io.micrograph import Micrograph
from semseg.page import choices, scale_link
from semseg.page.filled import key_of_field
from semseg.page.text import plain
from semseg.page.work import SegmentedImage
from semseg.scale import ocr
from semseg.scale.calibration import Calibration, agreement_note
from semseg.scale.scale_bar import calibration_from_scale_bar
from semseg.scale.typed_length import implausible_pixel, length_nm, length_words
from semseg.settings import SCALE, SETTINGS, Settings

__all__ = [
    "BAR",
    "NOTHING",
    "WIDTH",
    "length_of",
    "run_again",
    "scale",
    "use",
]

WIDTH, PIXEL, BAR = "Width", "Pixel", "Scale bar"  # side by side in the sidebar
LABELS = {WIDTH: "Image width", PIXEL: "Pixel size", BAR: "The bar stands for"}
NAMES = {WIDTH: "width_nm", PIXEL: "pixel_size_nm", BAR: "scale_bar_nm"}
NOTHING = dict.fromkeys(SCALE)
# what a person gave, which a new way of giving the scale takes the place of
TYPED = ("width_nm", "pixel_size_nm")


def scale(
    micrograph: Micrograph,
    image: SegmentedImage | None,
    used: Calibration | None,
    pictures: Sequence[Micrograph],
) -> None:
    """The scale that is used, and a field for another one."""
    settings = choices.current()
    _card(micrograph, used, settings)
    scale_link.ask(pictures)
    state = st.session_state
    # what suits a picture is seen once it is analysed
    fresh = image is not None and not state.get("scale_kind_fits")
    if fresh or state.get("scale_kind") not in NAMES:
        state.scale_kind = _fitting(settings, image, used)
        state.scale_kind_fits = image is not None
    st.segmented_control(
        "Give the scale by",
        tuple(NAMES),
        required=True,
        key="scale_kind",
        on_change=_take_kind,
        label_visibility="collapsed",
    )
    _field(micrograph, image, used, settings)
    _about_bar(micrograph, image, used, settings)
    with st.container(horizontal=True, gap="small"):
        if any(getattr(settings, name) is not None for name in SCALE):
            st.button(
                "Use what the file says" if micrograph.calibration else "Forget it",
                on_click=use,
                kwargs=NOTHING,
                icon=":material/undo:",
                key="scale_forget",
            )
        if _differs(settings, pictures):
            st.button(
                f"Use for all {len(pictures)} pictures",
                on_click=choices.use_for_all,
                args=(SCALE,),
                icon=":material/select_all:",
                key="scale_for_all",
                help="Only if all were taken at the same magnification.",
            )


def length_of(text: str, kind: str) -> float:
    """What was typed in a field of this kind, in nm.

    Raises
    ------
    SemsegError
        It is no length, or not in the range of the setting.
    """
    nm = length_nm(text)
    about = SETTINGS[NAMES[kind]]
    assert isinstance(about, Number), kind
    if not about.low <= nm <= about.high:
        raise SemsegError(
            f"'{text.strip()[:40]}' is out of range: from {length_words(about.low)} to "
            f"{length_words(about.high)}."
        )
    return nm


# Which scale is used, and from where


def _card(micrograph: Micrograph, used: Calibration | None, settings: Settings) -> None:
    if used is None:
        return
    width = length_words(used.pixel_size_nm * micrograph.width)
    with st.container(key="scale_card", gap=None):
        st.markdown(f"**{used.per_pixel}**, {width} wide")
        if used.certain:
            st.caption(_where_from(micrograph, used, settings))
            return
        source = plain(used.source)
        if used.assumed:
            source = "the file does not say how wide the picture is, and nothing in it was read"
        st.warning(f"**{used.doubt.capitalize()}, check:** {source}.", icon=":material/straighten:")
        if used.proposed:
            st.button(
                "It is right",
                on_click=use,
                kwargs={"scale_checked_nm": used.pixel_size_nm},
                icon=":material/check:",
                key="scale_confirm",
                help="You compared it with the scale bar: it then counts as certain.",
            )


def _where_from(micrograph: Micrograph, used: Calibration, settings: Settings) -> str:
    source = plain(used.source)
    if used.source.startswith("typed") or given_by_bar(used):
        common: Settings = st.session_state.common
        is_own = any(getattr(settings, name) != getattr(common, name) for name in SCALE)
        return f"{source[0].upper()}{source[1:]}, for {'this' if is_own else 'every'} picture."
    return f"From {'the file' if micrograph.calibration else 'the picture'}: {source}."


def given_by_bar(used: Calibration) -> bool:
    """Whether a person gave the length of the bar."""
    return used.source in ("scale bar", "scale bar measured by hand")


# The field


def _fitting(settings: Settings, image: SegmentedImage | None, used: Calibration | None) -> str:
    """The way of giving a scale that suits a picture."""
    if settings.pixel_size_nm is not None:
        return PIXEL
    if settings.width_nm is not None:
        return WIDTH
    found = image is not None and image.prepared.scale_bar is not None
    unsure = used is None or not used.certain
    return BAR if settings.scale_bar_nm is not None or (found and unsure) else WIDTH


def _field(
    micrograph: Micrograph,
    image: SegmentedImage | None,
    used: Calibration | None,
    settings: Settings,
) -> None:
    state = st.session_state
    kind = state.scale_kind
    problem: str | None = state.get("scale_problem")
    if problem is None:
        state.scale_shown = _shown(kind, micrograph, image, used, settings)
        state.scale_field = key_of_field("scale_text", state.scale_shown)
    about = SETTINGS[NAMES[kind]]
    text = f"{about.help[0].upper()}{about.help[1:]}".replace(" in nanometres", "")
    with st.container(key="scale_text"):
        st.text_input(
            LABELS[kind],
            state.scale_shown,
            key=state.scale_field,
            placeholder="such as 500 nm" if kind == BAR else "such as 7.52 um",
            on_change=_take,
            args=(state.scale_field, micrograph.width, _bar_px(image, settings)),
            help=f"{text}. With its unit: nm, um, mm. For the picture shown. Empty: {about.usual}.",
        )
    if problem is None:
        return
    asked: tuple[str, float] | None = state.get("scale_asked")
    if asked is None:
        st.error(plain(problem))
        return
    st.warning(f"{plain(problem)} Is it right?", icon=":material/help:")
    with st.container(horizontal=True, gap="small"):
        name, nm = asked
        st.button("Use it", on_click=_give, args=(name, nm), key="scale_use")
        st.button("Do not use it", on_click=_no_problem, key="scale_do_not_use")


def _shown(
    kind: str,
    micrograph: Micrograph,
    image: SegmentedImage | None,
    used: Calibration | None,
    settings: Settings,
) -> str:
    """What the field holds: what was typed, else the scale that is used."""
    typed = getattr(settings, NAMES[kind])
    if typed is not None:
        return length_words(typed, 10)
    if kind == BAR:
        printed = image.prepared.printed if image else None
        return printed.bar.text if printed and printed.bar and printed.bar.sure else ""
    if used is None:
        return ""
    return length_words(used.pixel_size_nm * (micrograph.width if kind == WIDTH else 1))


def _bar_px(image: SegmentedImage | None, settings: Settings) -> float | None:
    if settings.scale_bar_px is not None:
        return settings.scale_bar_px
    bar = image.prepared.scale_bar if image else None
    return bar.length_px if bar else None


def _take(field: str, width_px: int, bar_px: float | None) -> None:
    """What was typed: used, asked about, or refused in a sentence."""
    state = st.session_state
    _no_problem()
    kind, text = state.scale_kind, state[field]
    if text == state.scale_shown:
        return  # nobody typed: Streamlit may call for what the page itself put there
    if not text.strip():
        use(**NOTHING)
        return
    try:
        nm = length_of(text, kind)
    except SemsegError as error:
        state.scale_problem = str(error)
        return
    per_pixel = {WIDTH: nm / width_px, PIXEL: nm, BAR: bar_px and nm / bar_px}[kind]
    if per_pixel and (odd := implausible_pixel(per_pixel)):
        state.scale_problem, state.scale_asked = odd, (NAMES[kind], nm)
        return
    _give(NAMES[kind], nm)


def _give(name: str, nm: float) -> None:
    """Use one length of the scale for the picture shown, in place of what was typed before."""
    use(**dict.fromkeys(TYPED), **({} if name in TYPED else {name: nm}))
    if name in TYPED:
        st.session_state[name] = nm


def use(**values: float | None) -> None:
    """Change the scale of the picture shown."""
    _no_problem()
    for name, value in values.items():
        st.session_state[name] = value


def _take_kind() -> None:
    _no_problem()
    st.session_state.scale_kind_fits = True


def _no_problem() -> None:
    st.session_state.pop("scale_problem", None)
    st.session_state.pop("scale_asked", None)


def _differs(settings: Settings, pictures: Sequence[Micrograph]) -> bool:
    """Whether another picture has another scale than the one shown was given."""
    own = [getattr(settings, name) for name in SCALE]
    if all(value is None for value in own):
        return False
    others = map(choices.of, pictures)
    return any([getattr(other, name) for name in SCALE] != own for other in others)


# The bar in the picture


def _about_bar(
    micrograph: Micrograph,
    image: SegmentedImage | None,
    used: Calibration | None,
    settings: Settings,
) -> None:
    """How long the bar is that was found or drawn, and what was read at it."""
    if image is None:
        return
    bar, printed = image.prepared.scale_bar, image.prepared.printed
    if settings.scale_bar_px is not None:
        st.caption(f"Your line is {settings.scale_bar_px:.4g} px long.")
    elif bar is not None:
        length = f"{bar.length_px:.4g} ± {bar.length_px * bar.relative_uncertainty:.2g} px long"
        said = ""
        if settings.scale_bar_nm is not None:
            measured = calibration_from_scale_bar(bar, settings.scale_bar_nm)
            against = _against(measured, micrograph.calibration)
            said = f": {measured.pixel_size_nm:.4g} nm per pixel{against}"
        st.caption(f"The bar that is marked in the picture is {length}{said}.")
        if printed is not None and printed.bar is not None:
            st.caption(f"Read there: **{plain(printed.bar.text)}**.")
        elif printed is None and not ocr.is_installed():
            st.caption("What stands there was not read: that is not installed on this server.")
    elif st.session_state.scale_kind == BAR or used is None or not used.certain:
        st.caption("No scale bar was found: draw a line over it with *Draw over the scale bar*.")


def _against(measured: Calibration, recorded: Calibration | None) -> str:
    if recorded is None:
        return ""
    if agreement_note(recorded, measured):
        return f", **against {recorded.pixel_size_nm:.4g} nm in the file**"
    return f", which agrees with the {recorded.pixel_size_nm:.4g} nm in the file"


def run_again() -> None:
    """Within a fragment: run all of the page, where something below changed a scale."""
    if st.session_state.pop("scale_changed", False):
        st.rerun(scope="app")
