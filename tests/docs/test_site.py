"""The documentation site: pages from all over the repository, and links that hold on both sides."""

import pytest
from mkdocs.config import load_config
from mkdocs.structure.files import get_files
from mkdocs.structure.pages import Page

from docs import docstrings, hooks


@pytest.fixture
def site(monkeypatch):
    """The configuration of the site and the files that it begins with."""
    monkeypatch.setenv("NO_MKDOCS_2_WARNING", "1")
    config = load_config(str(hooks.ROOT / "mkdocs.yml"))
    config.plugins.on_config(config)
    return config, config.plugins.on_files(get_files(config), config=config)


def led(site, uri: str, markdown: str) -> str:
    """The Markdown as the page of that address gets it."""
    config, files = site
    page = Page(None, files.get_file_from_path(uri), config)
    return config.plugins.on_page_markdown(markdown, page=page, config=config, files=files)


@pytest.mark.parametrize(
    ("uri", "link", "becomes"),
    [
        ("index.md", "docs/files.md", "files.md"),
        ("index.md", "docs/files.md#fiji", "files.md#fiji"),
        ("index.md", "models/MODEL_CARD.md", "model_card.md"),
        ("index.md", "docs/pictures/result.png", "pictures/result.png"),
        ("files.md", "measurement.md", "measurement.md"),
        ("files.md", "../README.md", "index.md"),
        ("model_card.md", "../docs/validation.md", "validation.md"),
        ("files.md", "../docs/nowhere.md", "../docs/nowhere.md"),
        ("files.md", "https://example.org/a.md", "https://example.org/a.md"),
        ("files.md", "#fiji", "#fiji"),
    ],
)
def test_links_lead_to_where_the_site_has_it(site, uri, link, becomes):
    assert led(site, uri, f"see [it]({link}).") == f"see [it]({becomes})."


def test_a_file_that_is_no_page_is_copied_as_text(site):
    assert led(site, "files.md", "[terms](../LICENSE)") == "[terms](repository/LICENSE.txt)"
    copied = site[1].get_file_from_path("repository/LICENSE.txt")
    assert copied is not None
    assert copied.content_bytes == (hooks.ROOT / "LICENSE").read_bytes()


def test_code_is_left_alone(site):
    code = "```\n[x](docs/files.md)\n```\n"
    assert led(site, "index.md", code + "[x](docs/files.md)") == code + "[x](files.md)"


def test_every_module_has_its_place_in_the_reference(site):
    config, files = site
    linked = next(entry["API"] for entry in config.nav if "API" in entry)
    pages = [files.get_file_from_path(next(iter(each.values()))) for each in linked]
    shown = {line for page in pages for line in page.content_string.splitlines()}
    modules = list((hooks.ROOT / "semseg").rglob("[!_]*.py"))
    assert len(modules) > 50
    for path in modules:
        name = ".".join(path.relative_to(hooks.ROOT).with_suffix("").parts)
        assert f"::: {name}" in shown


def test_docstrings_become_markdown():
    text = "As :func:`~semseg.analyze` does:\n\n>>> 1 + 1\n2\n\n====  ====\none   two\n====  ====\n"
    assert docstrings.as_markdown(text) == (
        "As `semseg.analyze` does:\n\n```pycon\n>>> 1 + 1\n2\n```\n\n"
        "```text\n====  ====\none   two\n====  ====\n```\n"
    )
