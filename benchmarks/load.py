"""Many people at once: how long do they wait, and does each get their own numbers?

    python -m benchmarks.load                  needs requirements-dev.txt, and Linux
    python -m benchmarks.load --browser 2      two real browsers beside them (Chromium)

Starts the page, and lets 1, 5, 10 and 20 people come at the same moment. Each uploads a picture
that nobody else has (a part of the sample, with ImageJ's scale or with none), waits for the result,
takes the sizes along, changes the counting rule twice, and takes the sizes along each time. All
three files must be, byte for byte, what `semseg.analysis.analyze` makes of the same picture with
the same settings, and nobody else's. Prints Markdown: the median and the 95th percentile of the
time from the upload to the result, as ratios to one person in the same run; errors; how many were
shown their place in the line; real browsers that got a result; the highest memory of the server so
far.
"""

from __future__ import annotations

import argparse
import io
import shutil
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass

import numpy as np
import tifffile

from benchmarks.protocol import Server, Visitor, served
from semseg.analysis import Analysis, analyze
from semseg.data import sample_path
from semseg.export.tables import sizes_csv
from semseg.inference.segmenter import Segmenter
from semseg.settings import Settings

PEOPLE = (1, 5, 10, 20)
SHAPE = (240, 320)
SAMPLE_ROWS = 712  # above its label bar
WIDTH_NM = 7520.0  # that the page assumes for a picture without a scale
EDGES, EXCLUDED = "Particles cut by the edge", "do not count"
VISIBLE = "Fully visible ones only"
RULES = ({}, {"edges": "exclude"}, {"edges": "exclude", "visible_only": True})


@dataclass(frozen=True)
class Told:
    """What one person was told: seconds until the result, their three files, what went wrong,
    and whether they saw their place in the line."""

    seconds: float
    files: tuple[bytes, ...] = ()
    problems: tuple[str, ...] = ()
    in_line: bool = False


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, nargs="+", default=PEOPLE)
    parser.add_argument("--alone", type=int, default=3, help="runs of one person, for the median")
    parser.add_argument("--browser", type=int, default=0, help="real browsers beside them")
    options = parser.parse_args()
    segmenter = Segmenter()
    seeds = iter(range(10_000))
    print("| people | median | p95 | errors | own numbers | in line | browsers | peak memory |")
    print("|---:|---:|---:|---:|---:|---:|---:|---:|", flush=True)
    with served() as server:
        visit(server, picture_of(next(seeds)))  # the first one waits for the network to be read
        alone = float(
            np.median(
                [visit(server, picture_of(next(seeds))).seconds for _ in range(options.alone)]
            )
        )
        for people in options.people:
            pictures = [picture_of(next(seeds)) for _ in range(people)]
            told, browsers = at_once(server, pictures, options.browser)
            own = [expected(picture, segmenter) for picture in pictures]
            if len({file for files in own for file in files}) < people * len(RULES):
                raise RuntimeError("two of these people have the same file: choose other seeds")
            right = sum(each.files == files for each, files in zip(told, own, strict=True))
            errors = [problem for each in told for problem in each.problems]
            ratios = np.array([each.seconds for each in told]) / alone
            print(
                f"| {people} | {np.median(ratios):.2f} | {np.percentile(ratios, 95):.2f} | "
                f"{len(errors)} | {right} of {people} | "
                f"{sum(each.in_line for each in told)} | {browsers} | "
                f"{server.memory('VmHWM'):.0f} MB |",
                flush=True,
            )
            for problem in errors:
                print(f"\n{problem}\n", flush=True)
    print(f"\n1.00 is one person: {alone:.2f} s on this machine.")


def picture_of(seed: int, shape: tuple[int, int] = SHAPE) -> tuple[str, bytes]:
    """Name and TIFF of a picture of its own, `shape` (rows, columns) cut out of the sample.

    It has a scale of its own or, every third, none.
    """
    rng = np.random.default_rng(seed)
    sample = tifffile.imread(sample_path())[:SAMPLE_ROWS]
    top, left = rng.integers(0, np.subtract(sample.shape, shape), endpoint=True)
    grey = sample[top : top + shape[0], left : left + shape[1]]
    if rng.random() < 0.5:
        grey = grey[:, ::-1]
    buffer = io.BytesIO()
    if seed % 3:
        pixels_per_nm = 1 / (2 + seed % 7)
        tifffile.imwrite(
            buffer, grey, imagej=True, resolution=(pixels_per_nm,) * 2, metadata={"unit": "nm"}
        )
    else:
        tifffile.imwrite(buffer, grey)
    return f"person-{seed}.tif", buffer.getvalue()


def expected(picture: tuple[str, bytes], segmenter: Segmenter) -> tuple[bytes, ...]:
    """The files that this person must get, from the program without the page."""
    name, content = picture

    def analysis(rule: dict) -> Analysis:
        settings = Settings(assumed_width_nm=WIDTH_NM, **rule)
        return analyze(content, settings, name=name, segmenter=segmenter)

    return tuple(sizes_csv(analysis(rule)) for rule in RULES)


def visit(server: Server, picture: tuple[str, bytes]) -> Told:
    """Come, upload, wait, change the counting rule twice, take the files along, and go."""
    began = time.perf_counter()
    try:
        with Visitor(server.url) as visitor:
            began = time.perf_counter()
            visitor.upload(*picture)
            seconds = time.perf_counter() - began
            problems = list(visitor.problems)
            files = [visitor.download("Sizes")]
            visitor.choose(EDGES, EXCLUDED)
            files.append(visitor.download("Sizes"))
            visitor.switch(VISIBLE, True)
            files.append(visitor.download("Sizes"))
            in_line = any("in line" in text for text in visitor.waiting)
            return Told(seconds, tuple(files), tuple(problems + visitor.problems), in_line)
    except Exception as error:  # one person's trouble must not end the others' visits
        return Told(time.perf_counter() - began, problems=(f"{type(error).__name__}: {error}",))


def at_once(
    server: Server, pictures: Sequence[tuple[str, bytes]], browsers: int
) -> tuple[list[Told], int]:
    """All of them at the same moment; and how many real browsers got a result beside them."""
    with ExitStack() as stack:
        pool = stack.enter_context(ThreadPoolExecutor(len(pictures) + 1))
        beside = pool.submit(browse, server, browsers)
        told = list(pool.map(lambda picture: visit(server, picture), pictures))
        return told, beside.result()


def browse(server: Server, count: int) -> int:
    """Open `count` real browsers that try the sample; how many show its outlines."""
    if not count:
        return 0
    from playwright.sync_api import sync_playwright

    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--disable-gpu"]
        )
        pages = [browser.new_context().new_page() for _ in range(count)]
        for page in pages:
            page.set_default_timeout(300_000)
            page.goto(f"{server.url}/?sample=1")
        for page in pages:
            page.wait_for_selector(".semseg-viewer[data-shown]")
        browser.close()
    return count


if __name__ == "__main__":
    main()
