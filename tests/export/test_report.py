"""The report, made from drawn analyses whose content is known."""

import math
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from plotly.offline import get_plotlyjs

from semseg.details import Details
from semseg.display import Display
from semseg.export import report as report_module
from semseg.export.report import EN_DASH, KNOWN_BIAS, TIMES, report_html
from semseg.inference.segmenter import MODEL_SHA256
from semseg.metrology.assessment import assess
from semseg.metrology.cautions import cautions, compare_rules
from semseg.statistics.digits import places_between, with_limits, with_uncertainty, written
from semseg.statistics.intervals import Interval
from semseg.version import NUMBERS, __version__
from tests.support.drawn_analysis import drawn, without_particles
from tests.support.fake_analysis import redrawn
from tests.support.paths import ROOT

MODEL_CARD = ROOT / "models" / "MODEL_CARD.md"
HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(2)>'


class Reader(HTMLParser):
    """The texts a person reads, the tags, and the addresses that a browser would ask for."""

    def __init__(self, content):
        super().__init__()
        self.words, self.tags, self.addresses, self._hidden = [], [], [], 0
        self.feed(content)
        self.text = " ".join("".join(self.words).split())

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.words += [] if tag in ("span", "strong", "a", "i") else [" "]
        self._hidden += tag in ("script", "style", "title")
        self.addresses += [value for name, value in attrs if name in ("src", "href", "action")]

    def handle_endtag(self, tag):
        self._hidden -= tag in ("script", "style", "title")

    def handle_data(self, data):
        if not self._hidden:
            self.words.append(data)


def read(*analyses, **options):
    """The report of these as a person reads it."""
    assessment = options.pop("assessment", None) or assess(analyses)
    return Reader(page(report_html(analyses, assessment, **options)))


def page(content):
    """The page without the library, so that a failure stays short."""
    text = content.decode()
    assert text.count(get_plotlyjs()) == 1
    return text.replace(get_plotlyjs(), "")


@pytest.fixture(scope="module")
def analysis():
    return drawn()


@pytest.fixture(scope="module")
def assessment(analysis):
    return assess([analysis])


@pytest.fixture(scope="module")
def one(analysis, assessment):
    details = Details(title="Batch 7")
    return read(analysis, assessment=assessment, details=details, date="2026-01-31")


# -- one picture -----------------------------------------------------------------------------


def test_the_result_stands_in_one_sentence_on_top(one, assessment):
    found, budget = assessment.intervals.d50, assessment.budget
    _, low, high = with_limits(found.value, found.low, found.high)
    assert (
        f"D50 = {with_uncertainty(found.value, budget.expanded * found.value, 'nm')} (expanded "
        f"uncertainty, k = 2, incomplete), 95 % interval {low} to {high} nm; "
        "n = 48 particles in 1 image."
    ) in one.text
    assert one.text.startswith(f"Batch 7 2026-01-31 · 1 image · semseg {__version__}")
    assert f"semseg {__version__}, numbers {NUMBERS} (" in one.text
    assert f"EU nanomaterial screening: {assessment.screening.verdict} (screen" in one.text
    assert "7.344 nm per pixel (typed width)" in one.text


def test_what_a_person_says_of_the_sample_stands_on_top(one, analysis, assessment):
    said = Details("Batch 7", "TiO2 <P25>", "M. Muster", "Washed twice.\nDried at 60 °C.")
    found = read(analysis, assessment=assessment, details=said)
    before, _, _ = found.text.partition("D50 = ")
    assert "Sample TiO2 <P25> Operator M. Muster Notes Washed twice. Dried at 60 °C." in before
    assert "Operator" not in one.text
    nothing = read(analysis, assessment=assessment)
    assert nothing.text.startswith("Particle size report 1 image")


def test_better_figures_stand_beside_the_result(one, analysis):
    (caution,) = cautions(compare_rules([analysis]))
    assert "16 of 48 particles are partly covered by others" in caution.sentence
    result = one.text.index("n = 48 particles in 1 image.")
    assert result < one.text.index(caution.sentence) < one.text.index("EU nanomaterial screening:")
    visible = drawn(visible_only=True)
    mean = assess([visible]).summary.mean
    assert f"the mean is {mean:.2f} nm in place of" in caution.sentence
    assert "partly covered by others and measured" not in read(visible).text


def test_everything_a_report_must_name(one, analysis, assessment):
    for words in (
        "TiO2 µ.tif",
        "0" * 64,
        f"224 {TIMES} 176",
        "not stated, 2.0 % assumed",
        # 160 x 224 px of 7.34375 nm: 35,840 x 53.93 nm2 = 1.933 um2
        "1.933 µm²",
        assessment.rule,
        "=HYPERLINK(1), blurred filter 15",
        "Minimum Feret diameter: the least distance between two parallel tangents",
        f"Geometric mean {in_digits(assessment.intervals.geometric_mean)[0]} nm",
        f"p = {assessment.lognormal.p_value:.3f}",
        "rescale: the network was run at one factor only",
        assessment.screening.statement,
        "A note.",
        "1.000 (automatic); median particle 16.0 px wide at the network",
        "cut off: top 0, bottom 16, left 0, right 0 px",
        "network 1, run on cpu",
        "f" * 64,
        "edges count",
        "does not show how thick",
        "ISO 13322-1:2014",
        "2022/C 229/01",
    ):
        assert words in one.text, words


def test_the_figures_are_those_of_the_assessment(one, assessment):
    number, volume, known = assessment.summary, assessment.by_volume, assessment.intervals
    for name, value, limits, by_volume in (
        ("Mean", number.mean, known.mean, volume.mean),
        ("D90", number.d90, known.d90, volume.d90),
    ):
        shown, low, high = in_digits(limits)
        assert float(shown) == pytest.approx(value, abs=limits.high - limits.low)
        place = places_between(limits.low, limits.high)
        assert f"{name} {shown} {low} to {high} {written(by_volume, place)}" in one.text
    shown, low, high = in_digits(known.geometric_standard_deviation)
    assert f"deviation {shown} {low} to {high}" in one.text
    spans = [(s.d90 - s.d10) / s.d50 for s in (number, volume)]
    assert re.search(rf"/ D50 {spans[0]:.3f}\d* {EN_DASH} {spans[1]:.3f}", one.text)
    place = places_between(known.mean.low, known.mean.high)
    for name, s in (("seen", assessment.raw), ("1/P", assessment.corrected)):
        assert f"{name} {s.count} {written(s.mean, place)} " in one.text


def in_digits(interval):
    return with_limits(interval.value, interval.low, interval.high)


def test_counts_add_up(one):
    # found, rejected by filter and by hand, kept, at the edge, left out, counted
    assert "1 TiO2 µ.tif 63 15 0 48 0 0 48" in one.text
    assert "All 63 15 0 48 0 0 48" in one.text


def test_the_budget_is_shown_part_by_part(one, assessment):
    for part in assessment.budget.components:
        row = f"{part.name.capitalize()} {100 * part.relative:.1f} % {part.how}"
        assert row in one.text
    budget = assessment.budget
    shown = with_uncertainty(budget.value, budget.expanded * budget.value, "nm")
    assert f"(k = 2) {100 * budget.expanded:.1f} % {shown}" in one.text


def test_every_counted_particle_is_listed(one, assessment):
    first = assessment.particles.iloc[0]
    row = (
        f"1 {first['label']} {first['x_px']:.0f} {first['y_px']:.0f} {first['ecd_nm']:.2f} "
        f"{first['min_feret_nm']:.2f} {first['max_feret_nm']:.2f} {first['aspect_ratio']:.3f}"
    )
    assert row in one.text
    assert "List of 48 particles" in one.text
    assert "the CSV file has all" not in one.text


def test_a_long_list_ends_and_says_where_the_rest_is(analysis, assessment, monkeypatch):
    monkeypatch.setattr(report_module, "MAX_ROWS", 10)
    short = read(analysis, assessment=assessment)
    assert "The first 10 of 48 counted particles; the CSV file has all." in short.text
    assert "List of 10 particles" in short.text


def test_the_pixel_of_the_outlines_is_that_of_the_network(analysis):
    # 7.34375 nm, where the network saw half as many pixels along each side
    height, width = analysis.grid.frame
    coarse = replace(analysis.grid, network=(height // 2, width // 2))
    assert "here 14.7 nm" in read(redrawn(analysis, grid=coarse)).text


def test_typed_uncertainty_of_the_scale_is_told(analysis):
    typed = replace(analysis, settings=replace(analysis.settings, scale_uncertainty=0.012))
    assert "typed width; 1.2 % (typed)" in read(typed).text


def test_uncertainty_that_the_source_tells(analysis):
    told = replace(analysis.calibration, relative_uncertainty=0.005, source="scale bar")
    assert "scale bar; 0.5 % (as stated there)" in read(replace(analysis, calibration=told)).text


# -- other pictures --------------------------------------------------------------------------


def test_pictures_without_a_scale_come_last_and_do_not_count(analysis):
    lost = drawn(pixel_size_nm=None, name="lost.tif")
    other = drawn(columns=8, name="other.tif")
    several = read(lost, analysis, other)
    assert "in 2 images" in several.text
    assert (
        "lost.tif is left out of the sizes of all pictures together: it has no scale."
        in several.text
    )
    assert "Image 1: TiO2 µ.tif" in several.text
    assert "Image 2: other.tif" in several.text
    assert "Image 3: lost.tif" in several.text
    assert "unknown: not counted" in several.text
    # 63 and 56 were found
    assert "All 119" in several.text
    assert several.tags.count("image") == 3


def test_without_any_scale_sizes_are_in_pixels():
    pixels = read(drawn(pixel_size_nm=None))
    assert "No scale is known, so sizes are in pixels" in pixels.text
    assert re.search(r"D50 = [\d.]+ ± [\d.]+ px", pixels.text)
    assert "not possible without a scale" in pixels.text
    assert "Sizes in px;" in pixels.text
    assert " nm per pixel" not in pixels.text


def test_an_assumed_scale_is_said_loudly(one):
    assumed = read(drawn(assumed=True))
    assert "The scale was only assumed. Every size" in assumed.text[:200]
    assert "(scale assumed)." in assumed.text
    assert "Sizes in nm, scale assumed;" in assumed.text
    assert assumed.text.count("The scale is assumed.") == 5  # each plot
    assert "scale assumed: check" not in assumed.text  # nor is there a scale bar
    assert "only assumed" not in one.text


def test_a_proposed_scale_is_said_loudly(one):
    proposed = read(drawn(proposed=True))
    assert (
        "The scale is only proposed (7.344 nm per pixel (typed width: proposed, check)). Every"
        in (proposed.text[:200])
    )
    assert "(scale proposed)." in proposed.text
    assert "scale proposed: check" in proposed.text  # beside the scale bar
    assert "proposed" not in one.text


def test_without_particles(analysis):
    empty = read(without_particles(analysis))
    assert "No particles counted: there is no distribution to report." in empty.text
    assert "Too few particles for a fit." in empty.text
    assert "figure" in empty.tags  # the picture itself
    assert "details" not in empty.tags
    assert "nan" not in empty.text.lower().replace("nano", "")


def test_all_particles_rejected(analysis):
    table = analysis.particles.assign(kept=False, counted=False, reason="manual")
    nothing = read(replace(analysis, particles=table))
    assert "1 TiO2 µ.tif 63 0 63 0 0 0 0" in nothing.text


def test_few_particles_are_warned_about():
    few = read(drawn(columns=3, rows=2))
    assert "Fewer than ten particles" in few.text
    assert "NaN" not in few.text


@pytest.mark.parametrize(("least", "warned"), [(0.2, True), (0.25, False)])
def test_large_particles_are_warned_about(analysis, assessment, least, warned):
    text = read(analysis, assessment=replace(assessment, min_inside_probability=least)).text
    assert ("with a probability of 0.20 only" in text) is warned
    assert ("Below 0.25" in text) is warned


def test_the_counting_rule_leaves_particles_out():
    rule = read(drawn(edges="weight", visible_only=True))
    assert "Particles wholly inside the frame, each weighted by 1/P" in rule.text
    assert "partly covered rule 16" in rule.text
    assert "kept, left out by the rule (16)" in rule.text


def test_volume_percentiles_get_their_own_interval_only(assessment):
    assert report_module._same(Interval(10.0, 9.0, 11.0, 0.95), 10.0).low == 9
    assert report_module._same(Interval(10.0, 9.0, 11.0, 0.95), 10.1) is None
    # of ECD, both weight by the cube of the same size
    by_ecd = assess([drawn()], "ecd")
    assert by_ecd.intervals.volume_d50.value == pytest.approx(by_ecd.by_volume.d50)
    assert assessment.intervals.volume_d50.value != pytest.approx(assessment.by_volume.d50)


def test_equal_sizes_and_bad_fits_in_words(analysis, assessment):
    fit = assessment.lognormal
    for changed, words in (
        (None, "Too few"),
        (replace(fit, p_value=0.01), "not lognormal"),
        (replace(fit, p_value=0.3), "consistent with a lognormal distribution"),
        (replace(fit, p_value=math.nan), "All sizes are equal"),
    ):
        told = report_html([analysis], replace(assessment, lognormal=changed)).decode()
        assert words in told


# -- the file --------------------------------------------------------------------------------


def test_the_same_input_gives_the_same_bytes(analysis, assessment):
    once, again = (report_html([analysis], assessment, Display(log=True)) for _ in range(2))
    assert once == again
    slower = replace(analysis, seconds={"network": 99.0})
    assert report_html([slower], assessment, Display(log=True)) == once


def test_only_a_given_date_is_named(analysis, assessment):
    assert "2026-01-31" not in read(analysis, assessment=assessment).text
    assert "2026-01-31" in read(analysis, assessment=assessment, date="2026-01-31").text


def test_nothing_is_asked_of_any_network(one):
    assert one.addresses
    assert all(each.startswith(("#", "data:image/jpeg;base64,")) for each in one.addresses)
    assert not {"link", "iframe", "object", "embed", "form", "base"} & set(one.tags)


def test_hostile_texts_stay_texts(one):
    fake = drawn(name=HOSTILE)
    calibration = replace(fake.calibration, source=HOSTILE)
    table = fake.particles.assign(reason=np.where(fake.particles["kept"], "", HOSTILE))
    fake = redrawn(fake, model=replace(fake.model, name=HOSTILE))
    hostile = replace(fake, calibration=calibration, particles=table, notes=(HOSTILE,))
    found = read(hostile, details=Details(HOSTILE, sample=HOSTILE), date="2026-01-31" + HOSTILE)
    assert sorted(found.tags) == sorted([*one.tags, "dl", "dt", "dd"])
    assert found.text.count(HOSTILE) >= 8
    assert all(each.startswith(("#", "data:")) for each in found.addresses)


def test_plots_have_ids_of_their_own_and_the_library_is_there_once(analysis, assessment):
    text = page(report_html([analysis], assessment))
    identifiers = re.findall(r'id="(plot-[a-z_]+)"', text)
    assert len(identifiers) == len(set(identifiers)) == 5
    assert "default-src 'none'" in text


@pytest.mark.slow
def test_eight_pictures_stay_small():
    rng = np.random.default_rng(0)
    pictures = []
    for number in range(8):
        each = drawn(height=600, width=900, name=f"{number}.tif")
        # noise is what a JPEG stores worst
        grey = rng.normal(128, 60, each.micrograph.grey.shape).astype(np.float32)
        pictures.append(replace(each, micrograph=replace(each.micrograph, grey=grey)))
    content = report_html(pictures, assess(pictures))
    assert len(content) - len(get_plotlyjs()) < 10e6


def test_the_known_bias_is_that_of_the_model_card():
    card = MODEL_CARD.read_text(encoding="utf-8")
    assert MODEL_SHA256 in KNOWN_BIAS
    assert MODEL_SHA256 in card
    row = next(line for line in card.splitlines() if "median min Feret, off the edge" in line)
    _, tio2, _, emps = re.findall(r"([+-]\d+) / ([+-]\d+) %", row)
    words = KNOWN_BIAS[MODEL_SHA256]
    assert f"{abs(int(tio2[1]))} % high" in words
    assert f"{abs(int(emps[1]))} % low" in words
    error = next(line for line in card.splitlines() if "error of a picture's median" in line)
    assert re.findall(r"\d+ %", error)[-1] in words


def test_the_bias_of_the_shipped_model_is_told_and_no_other(analysis, one):
    shipped = redrawn(analysis, model=replace(analysis.model, sha256=MODEL_SHA256))
    assert KNOWN_BIAS[MODEL_SHA256] in read(shipped).text
    assert "No figures are published for this model file (SHA-256 ffffffffffff…)" in one.text


def test_numbers_as_texts():
    assert report_module.fixed(12345.678, 1) == "12,345.7"
    assert report_module.fixed(math.nan, 1) == report_module.fixed(None, 1) == EN_DASH
    assert report_module._area(99_999, "nm") == "99,999 nm²"
    assert report_module._area(2.5e6, "nm") == "2.5 µm²"
    assert report_module._area(2.5e6, "px") == "2,500,000 px²"
