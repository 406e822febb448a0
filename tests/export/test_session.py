"""A session replays, or says what is different."""

import json
import re
from dataclasses import replace

import pytest

from semseg.analysis import conclude
from semseg.details import NONE, Details
from semseg.display import Display
from semseg.editing.replay import replay
from semseg.errors import SettingsError
from semseg.export.replay import differences
from semseg.export.session import read_session, session_json
from semseg.operations import Mask, Split
from semseg.preprocessing.preparation import Crop
from semseg.scale.bar_text import PrintedScale
from semseg.scale.printed_lengths import bar_length, entries
from semseg.scale.window import Window
from semseg.settings import Settings
from semseg.version import NUMBERS, __version__
from tests.support.fake_analysis import MODEL, draw, redrawn


def test_what_was_written_is_read_again():
    analysis = draw(manual={3: False, 4: True})
    display = Display(size="ecd", log=True)
    session = read_session(session_json([analysis], display))
    assert session.settings == analysis.settings
    assert session.display == display
    assert session.picture("0" * 64).edits == {3: False, 4: True}
    assert session.picture("1" * 64) is None
    assert differences(session, [analysis]) == []


def test_what_was_read_in_a_picture_is_kept():
    printed = PrintedScale(bar_length("200 nm"), entries("HFW 2.00 µm"), Window(1, 2, 3, 4))
    analysis = draw()
    analysis = replace(analysis, prepared=replace(analysis.prepared, printed=printed))
    session = read_session(session_json([analysis]))
    assert session.picture("0" * 64).printed == printed
    # nothing was read, and nothing will be
    assert read_session(session_json([draw()])).picture("0" * 64).printed == PrintedScale()
    for wrong in ({"bar": 5}, {**printed.to_dict(), "bar": {"text": "1 nm", "may_be_nm": [-1]}}):
        values = json.loads(session_json([draw()]))
        values["pictures"][0]["printed"] = wrong
        with pytest.raises(SettingsError, match="damaged"):
            read_session(json.dumps(values))


def corrected(operations, **options):
    drawn = draw(**options)
    replayed = replay(drawn.segmentation, operations)
    return conclude(
        drawn.micrograph, drawn.prepared, replayed.segmentation, drawn.settings, {4: True}
    )


def test_corrections_of_outlines_are_kept_and_compared():
    drawn = draw()
    x, y = drawn.particles.loc[0, ["x_px", "y_px"]]
    operations = (Split(1, (((x, y - 20), (x, y + 20)),)), Mask(((90, 0), (127, 0), (127, 90))))
    analysis = corrected(operations)
    content = session_json([analysis])
    assert json.loads(content)["format"] == 3
    session = read_session(content)
    picture = session.picture("0" * 64)
    assert picture.operations == operations
    assert picture.edits == {4: True}
    assert differences(session, [corrected(picture.operations)]) == []
    other = differences(session, [corrected(picture.operations[:1])])
    assert "TiO2 µ.tif: the corrections of outlines by hand are other ones." in other


def test_corrections_that_are_none_are_damage():
    for wrong in ({"do": "explode"}, None, {"do": "split", "label": 1}):
        values = json.loads(session_json([draw()]))
        values["pictures"][0]["operations"] = [wrong]
        with pytest.raises(SettingsError, match="damaged"):
            read_session(json.dumps(values))


def test_each_picture_keeps_the_scale_crop_and_factor_that_were_its_own():
    """What all have in common stands once; an edition that knows one set of settings refuses."""
    drawn = draw(edges="exclude")
    common = replace(drawn.settings, width_nm=None, crop=None)
    own = replace(common, scale_bar_nm=200.0, crop=Crop(top=3), rescale=0.5)
    one = replace(drawn, settings=replace(common, width_nm=500.0))
    elsewhere = replace(drawn.micrograph, sha256="1" * 64)
    other = replace(drawn, micrograph=elsewhere, settings=own)
    content = session_json([one, other])
    values = json.loads(content)
    assert values["format"] == 2
    assert values["settings"]["width_nm"] is None
    assert values["pictures"][0]["settings"] == {"width_nm": 500.0}
    session = read_session(content)
    assert [session.settings_of(each) for each in session.pictures] == [
        one.settings,
        other.settings,
    ]
    assert differences(session, [one, other]) == []
    for wrong in ({"edges": "count"}, {"width_nm": -1}, {"what": 1}, [], {"crop": 5}):
        values["pictures"][0]["settings"] = wrong
        with pytest.raises(SettingsError):
            read_session(json.dumps(values))
    # pictures with the same settings are written as before
    assert json.loads(session_json([one, one]))["format"] == 1


def test_the_same_analyses_give_the_same_bytes():
    assert session_json([draw()]) == session_json([draw()])


def test_settings_can_be_taken_from_a_session():
    analysis = draw(visible_only=True)
    assert Settings.from_json(session_json([analysis])) == analysis.settings


def test_another_model_is_said():
    session = read_session(session_json([draw()]))
    other = replace(MODEL, version="2", sha256="a" * 64)
    said = differences(session, [redrawn(draw(), model=other)])
    assert said == [
        "The model is another one: network (ffffffffffff) then, network (aaaaaaaaaaaa) now."
    ]


def edited(content, **values):
    """The session's JSON with other values at its top; None removes one."""
    session = {**json.loads(content), **values}
    return json.dumps({key: value for key, value in session.items() if value is not None})


def test_an_edition_that_measures_otherwise_is_said_even_where_no_table_differs():
    text = edited(session_json([draw()]), numbers=NUMBERS + 1, software="7.5.3")
    (said,) = differences(read_session(text), [draw()])
    assert said == (
        f"Counts or sizes may differ, since this version measures otherwise: numbers {NUMBERS + 1} "
        f"then (semseg 7.5.3), {NUMBERS} now ({__version__})."
    )


def test_a_session_from_before_numbers_were_recorded_is_read():
    session = read_session(edited(session_json([draw()]), numbers=None, software="0.1.0"))
    assert session.numbers is None
    assert differences(session, [draw()]) == []
    said = differences(session, [draw(radius=7)])
    assert said[0] == f"semseg is another version: 0.1.0 then, {__version__} now."


def test_another_file_is_said():
    session = read_session(session_json([draw()]))
    micrograph = replace(draw().micrograph, sha256="1" * 64)
    said = differences(session, [replace(draw(), micrograph=micrograph)])
    assert said == ["TiO2 µ.tif: the file of that name has other bytes than the one analysed."]
    micrograph = replace(micrograph, name="other.tif")
    assert differences(session, [replace(draw(), micrograph=micrograph)]) == [
        "TiO2 µ.tif: this picture is not here.",
        "other.tif: this picture was not part of the session.",
    ]
    assert differences(session, []) == ["TiO2 µ.tif: this picture is not here."]


def test_other_particles_are_said_with_their_numbers():
    session = read_session(session_json([draw()]))
    said = differences(session, [draw(radius=7)])
    # discs of about 16 and 14 px, each of 7.34375 nm
    (median,) = [sentence for sentence in said if "median of Min Feret" in sentence]
    assert re.fullmatch(
        r"TiO2 µ.tif: the median of Min Feret was [\d.]+ nm then and is [\d.]+ nm now.", median
    )
    said = differences(session, [draw(manual={1: False})])
    assert "TiO2 µ.tif: the decisions by hand are other ones." in said
    assert "TiO2 µ.tif: kept was 15 then and is 14 now." in said


def test_another_setting_is_said_where_numbers_differ():
    analysis = draw()
    session = read_session(session_json([analysis]))
    settings = replace(analysis.settings, filter=0.5)
    assert differences(session, [replace(analysis, settings=settings)]) == []
    said = differences(session, [replace(draw(radius=7), settings=settings)])
    assert said[0] == "The setting filter was None then and is 0.5 now."


def test_a_single_value_that_differs_is_not_overlooked():
    session = read_session(session_json([draw()]))
    analysis = draw()
    analysis.particles.loc[0, "circularity"] -= 0.01
    assert differences(session, [analysis]) == [
        "TiO2 µ.tif: single values differ (circularity), no count and no median does."
    ]


def test_other_words_and_new_columns_are_no_difference():
    session = read_session(session_json([draw()]))
    analysis = draw()
    analysis.particles.loc[3, "reason"] = "put otherwise"
    analysis.particles["roughness"] = 1.0
    assert differences(session, [analysis]) == []


def test_a_session_without_hashes_of_the_columns_is_compared_as_a_whole():
    values = json.loads(session_json([draw()]))
    del values["pictures"][0]["result"]["columns"]
    session = read_session(json.dumps(values))
    assert differences(session, [draw()]) == []
    analysis = draw()
    analysis.particles.loc[0, "circularity"] -= 0.01
    (said,) = differences(session, [analysis])
    assert "single values differ (words or numbers of the table)" in said


@pytest.mark.parametrize(
    ("text", "match"),
    [
        (b"{", "not valid JSON"),
        (b"\xff\xfe\x00", "not valid JSON"),
        (b"[]", "not a session"),
        (b'{"settings": {}}', "not a session"),
        (b"[" * 100_000, "not valid JSON"),
    ],
)
def test_what_is_no_session_is_refused(text, match):
    with pytest.raises(SettingsError, match=match):
        read_session(text)


@pytest.mark.parametrize(
    ("path", "value", "match"),
    [
        (("format",), 4, "format 4"),
        (("settings", "width_nm"), -1, "width_nm"),
        (("settings", "colour"), 1, "colour"),
        (("display", "size"), "girth", "size"),
        (("pictures", 0, "edits"), {"1": "yes"}, "damaged"),
        (("pictures", 0, "edits"), {"one": True}, "damaged"),
        (("pictures", 0, "edits"), None, "damaged"),
        (("pictures", 0, "result"), [], "damaged"),
        (("pictures", 0, "result", "columns"), [], "damaged"),
        (("pictures",), 3, "damaged"),
        (("model",), None, "damaged"),
        (("numbers",), "1", "damaged"),
        (("numbers",), True, "damaged"),
    ],
)
def test_a_damaged_session_is_refused_in_one_sentence(path, value, match):
    values = json.loads(session_json([draw()]))
    place = values
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    with pytest.raises(SettingsError, match=match) as error:
        read_session(json.dumps(values))
    assert str(error.value).count(". ") == 0


def test_what_was_said_of_the_sample_comes_back():
    said = Details("Batch 7", "TiO2", notes="Washed.\nDried.")
    content = session_json([draw()], details=said)
    assert read_session(content).details == said
    assert json.loads(content)["details"] == {
        **{"title": "Batch 7", "sample": "TiO2", "notes": "Washed.\nDried."},
    }
    nothing = session_json([draw()])
    assert "details" not in json.loads(nothing)  # as in sessions of before
    assert read_session(nothing).details == NONE
    for wrong in ({"title": 7}, {"titel": "a"}, {"title": "a" * 201}, "a"):
        with pytest.raises(SettingsError):
            read_session(edited(nothing, details=wrong))


def test_a_session_is_written_as_it_was_read():
    one, other = draw(), draw(pixel_size_nm=None, name="b.tif")
    for content in (session_json([one, other]), session_json([one], details=Details("a"))):
        assert read_session(content).to_json() == content
