"""The command line: ``python -m semseg analyze IMAGE [IMAGE ...] --output DIR``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tqdm import tqdm

from semseg.analysis import Analysis, analyze
from semseg.counting import EDGES, counted, size_weights
from semseg.errors import SemsegError, SettingsError
from semseg.export import write_outputs
from semseg.preparation import Crop
from semseg.segmenter import PROVIDERS, Segmenter
from semseg.settings import Settings
from semseg.statistics import summarise
from semseg.version import __version__

_EXAMPLES = """\
examples:
  # width and label bar are found in the file; five files per picture are written to out/
  python -m semseg analyze semseg/data/sample.tif --output out

  # a picture whose file does not say how wide it is, and a stricter filter
  python -m semseg analyze picture.png --width-nm 7520 --filter 0.7 --output out

  # several pictures with the settings of an earlier result
  python -m semseg analyze a.tif b.tif --settings out/sample.summary.json --output again
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit status: 0 all well, 1 some picture failed, 2 wrong usage."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        settings = _settings(options)
        segmenter = Segmenter(provider=settings.provider)
    except SemsegError as error:
        parser.error(str(error))
    failed = 0
    stems: set[str] = set()
    for path in options.images:
        try:
            if path.stem in stems:
                raise SettingsError(
                    f"{path.name}: another picture of this run has the same name, so its files "
                    "would be overwritten; analyse it into another folder."
                )
            analysis = _analyze(path, settings, segmenter)
            write_outputs(analysis, options.output)
            stems.add(path.stem)
        except SemsegError as error:
            failed += 1
            print(f"{path.name}: {_without_name(str(error), path.name)}", file=sys.stderr)
        else:
            print(_line(analysis))
    return 1 if failed else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m semseg",
        description="Particle sizes from electron micrographs.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=_EXAMPLES,
    )
    parser.add_argument("--version", action="version", version=f"semseg {__version__}")
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser(
        "analyze",
        help="measure the particles of one or more pictures",
        description="Measure the particles of one or more pictures. For each picture, "
        "<stem>.particles.csv, .sizes.csv, .summary.json, .labels.tif and .figure.png are written.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=_EXAMPLES,
    )
    command.add_argument("images", nargs="+", type=Path, metavar="IMAGE")
    command.add_argument("--output", required=True, type=Path, metavar="DIR")
    command.add_argument(
        "--width-nm",
        type=float,
        metavar="NM",
        help="width of the whole picture in nanometres (default: from the file)",
    )
    command.add_argument(
        "--rescale",
        type=_auto_or(float),
        metavar="auto|FACTOR",
        help="factor by which the picture is resized for the network (default: auto)",
    )
    command.add_argument(
        "--crop",
        type=_auto_or(_rows),
        metavar="auto|none|ROWS",
        help="rows of label bar to drop from the bottom (default: auto)",
    )
    command.add_argument(
        "--filter",
        type=float,
        metavar="0..1",
        help="confidence below which a particle is possibly wrong (default: the model's)",
    )
    command.add_argument(
        "--provider",
        choices=["auto", *PROVIDERS],
        help="where the network runs (default: auto)",
    )
    command.add_argument(
        "--settings",
        type=Path,
        metavar="FILE.json",
        help="settings of an earlier result; options given beside it win",
    )
    return parser


def _auto_or(kind):
    """A value of this kind, or the word ``auto``."""

    def convert(text: str):
        return text if text == "auto" else kind(text)

    convert.__name__ = "value"  # argparse names it in its error
    return convert


def _rows(text: str) -> int:
    rows = 0 if text == "none" else int(text)
    if rows < 0:
        raise ValueError
    return rows


def _settings(options: argparse.Namespace) -> Settings:
    """The settings file, overlaid with what was given on the command line."""
    settings = Settings()
    if options.settings:
        try:
            settings = Settings.from_json(options.settings.read_bytes())
        except OSError as error:
            raise SettingsError(f"The settings file {options.settings} cannot be read.") from error
    given = {
        "width_nm": options.width_nm,
        "rescale": options.rescale,
        "crop": options.crop if options.crop in (None, "auto") else Crop(bottom=options.crop),
        "filter": options.filter,
        "provider": options.provider,
    }
    changes = {
        name: None if value == "auto" and name != "provider" else value
        for name, value in given.items()
        if value is not None
    }
    return replace(settings, **changes)


def _analyze(path: Path, settings: Settings, segmenter: Segmenter) -> Analysis:
    """Analyse one picture, with a progress bar where a person is watching."""
    with tqdm(
        total=100,
        desc=path.name,
        leave=False,
        disable=not sys.stderr.isatty(),
        bar_format="{desc} |{bar}| {postfix}",
    ) as bar:

        def show(stage: str, fraction: float) -> None:
            bar.n = round(100 * fraction)
            bar.set_postfix_str(stage)

        return analyze(path, settings, segmenter=segmenter, progress=show)


def _line(analysis: Analysis) -> str:
    particles = analysis.particles
    kept, counts = particles[particles["kept"]], counted(particles)
    unit = "nm" if analysis.calibration else "px"
    size = summarise(counts[f"min_feret_{unit}"], size_weights(counts))
    width = ""
    if analysis.calibration:
        micrometres = analysis.calibration.pixel_size_nm * analysis.micrograph.width / 1000
        width = f", width {micrometres:.4g} µm ({analysis.calibration.source})"
    bar = f", label bar of {analysis.crop.bottom} rows cut" if analysis.crop.bottom else ""
    sizes = ""
    if size.count:
        sizes = f", min Feret mean {size.mean:.4g} {unit}, median {size.median:.4g} {unit}"
    return (
        f"{analysis.micrograph.name}: {len(kept)} of {len(particles)} particles kept{sizes}"
        f"{width}{bar}, rescale {analysis.rescale:.3g} ({analysis.rescale_source})"
    )


def _without_name(message: str, name: str) -> str:
    return message.removeprefix(f"{name}: ")


if __name__ == "__main__":
    sys.exit(main())
