"""What MkDocs calls while it builds the site (mkdocs.yml names this file).

Two things it cannot do by itself: show pages that lie outside ``docs/``, and list the packages of
the API. Links stay as they are right in the repository, so that they work there as well.
"""

from __future__ import annotations

import re
from os.path import relpath
from pathlib import Path, PurePosixPath

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parent.parent
PAGES = {  # of the site: where in the repository
    "index.md": "README.md",
    "contributing.md": "CONTRIBUTING.md",
    "changelog.md": "CHANGELOG.md",
    "model_card.md": "models/MODEL_CARD.md",
    "training.md": "training/README.md",
}
FENCE = re.compile(r"^( *)(```+|~~~+).*?^\1\2 *$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(?<=\]\()(?![a-z]+:|#|/)([^)\s#]+)")


def packages() -> dict[str, list[str]]:
    """The packages of semseg, in alphabetical order, each with its modules, by dotted names."""
    found: dict[str, list[str]] = {"semseg": []}
    for path in sorted((ROOT / "semseg").rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        if parts[-1].startswith("__"):
            continue
        found.setdefault(".".join(parts[:2]) if len(parts) > 2 else "semseg", []).append(
            ".".join(parts)
        )
    return found


def api_page(package: str, modules: list[str]) -> str:
    """The Markdown of a package's page."""
    whole = "{members: false, show_root_heading: false, show_root_toc_entry: false}"
    blocks = [f"# {package}", f"::: {package}\n    options: {whole}"]
    blocks += [f"::: {module}" for module in modules]
    return "\n\n".join(blocks) + "\n"


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Fill the navigation's entry *API*."""
    for entry in config.nav or []:
        if "API" in entry:
            entry["API"] = [{package: f"api/{package}.md"} for package in packages()]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that lie elsewhere and those of the API."""
    for uri, place in PAGES.items():
        files.append(File.generated(config, uri, abs_src_path=str(ROOT / place)))
    for package, modules in packages().items():
        page = File.generated(config, f"api/{package}.md", content=api_page(package, modules))
        files.append(page)
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Lead the page's links to where the site has what they point to.

    A file of the repository that is no page is copied to ``repository/`` as text. A link to what
    does not exist is left alone, for MkDocs to complain about.
    """
    if page.file.abs_src_path is None:
        return markdown
    folder = Path(page.file.abs_src_path).resolve().parent
    here = PurePosixPath(page.file.src_uri).parent

    def lead(link: re.Match[str]) -> str:
        target = (folder / link[1]).resolve()
        if not (target.is_file() and target.is_relative_to(ROOT)):
            return link[1]
        return relpath(_uri(target.relative_to(ROOT).as_posix(), config, files), here)

    kept: list[str] = []
    for text, fence in _split(markdown):
        kept += [LINK.sub(lead, text), fence]
    return "".join(kept)


def _uri(place: str, config: MkDocsConfig, files: Files) -> str:
    """Where the site has a file of the repository."""
    for uri, source in PAGES.items():
        if source == place:
            return uri
    if place.startswith("docs/"):
        return place.removeprefix("docs/")
    suffix = "" if place.endswith((".png", ".svg", ".txt")) else ".txt"
    uri = f"repository/{place}{suffix}"
    if files.get_file_from_path(uri) is None:
        files.append(File.generated(config, uri, content=(ROOT / place).read_bytes()))
    return uri


def _split(markdown: str) -> list[tuple[str, str]]:
    """Text and the code block that follows it, in turn; the last block is empty."""
    parts, end = [], 0
    for fence in FENCE.finditer(markdown):
        parts.append((markdown[end : fence.start()], fence[0]))
        end = fence.end()
    return [*parts, (markdown[end:], "")]
