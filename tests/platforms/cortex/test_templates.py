"""TheHive's templates: nothing but escaped bindings, every output of the catalogue, our own words."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from tests.render.conftest import example

from mde_files import manifest
from mde_files.platforms import catalogue
from mde_files.render.markdown import record_to_markdown
from mde_files.render.outcomes import OPEN, OUTCOMES

if TYPE_CHECKING:
    from pathlib import Path

FOLDER_OF = {"file_stats": "MdeFiles_FileStats", "file_alerts": "MdeFiles_FileAlerts"}
ACTIONS = list(manifest.load().actions.values())
TAGS = {
    "a", "b", "bdi", "button", "caption", "code", "dd", "div", "dl", "dt", "p", "span", "strong", "table", "tbody",
    "td", "th", "thead", "tr",
}  # fmt: skip
ATTRIBUTES = {
    "class", "dir", "title", "type", "ng-if", "ng-repeat", "ng-switch", "ng-switch-when", "ng-class", "ng-click",
    "ng-href", "target", "rel",
}  # fmt: skip
# What AngularJS lets an expression call; anything else might run or trust what it is given.
METHODS = {"slice", "split", "indexOf", "toLowerCase"}
FILTERS = {"number", "limitTo"}


class Template(HTMLParser):
    """A template's tags, attributes and expressions."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str]] = []
        self.expressions: list[str] = []
        self.aliases: dict[str, str] = {}
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.open.append(tag)
        for name, value in attrs:
            self.attributes.append((name, value or ""))
            if name == "ng-repeat":
                found = re.fullmatch(r"(\w+) in ([\w.]+) track by \$index", value or "")
                assert found, value
                self.aliases[found[1]] = found[2]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.expressions += re.findall(r"\{\{(.*?)\}\}", data)

    def bound(self) -> set[str]:
        """The values of ``content`` that are shown, as the catalogue writes paths."""
        paths = set()
        for expression in self.expressions:
            for found in re.findall(r"(?<![\w.])([a-z_]\w*(?:\.\w+)*)", re.sub("'[^']*'", "", expression)):
                paths.add(self._whole(found))
        return paths

    def _whole(self, path: str) -> str:
        first, _, rest = path.partition(".")
        if first in self.aliases:
            return f"{self._whole(self.aliases[first])}[]" + (f".{rest}" if rest else "")
        return path


@pytest.fixture(params=ACTIONS, ids=FOLDER_OF)
def action(request: pytest.FixtureRequest) -> manifest.Action:
    return request.param


def read(package: Path, action: manifest.Action, kind: str) -> str:
    version = manifest.load().version.replace(".", "_")
    folder = package / "thehive-templates" / f"{FOLDER_OF[action.id]}_{version}"
    return (folder / f"{kind}.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", ["short", "long"])
def test_every_binding_is_an_escaped_one(package: Path, action: manifest.Action, kind: str) -> None:
    text = read(package, action, kind)
    template = Template(text)
    assert template.open == []
    assert template.tags <= TAGS
    assert {name for name, _ in template.attributes} <= ATTRIBUTES
    for name, value in template.attributes:
        # an attribute holds either plain text or, where AngularJS judges the address, the link to the portal
        if "{{" in value:
            assert (name, value) == ("ng-href", "{{content.portal_url}}")
        if name == "title":
            assert "{" not in value
    assert text.count("ng-href") == (1 if kind == "long" else 0)
    for expression in template.expressions:
        assert set(re.findall(r"\.(\w+)\(", expression)) <= METHODS
        assert set(re.findall(r"(?<!\|)\|(?!\|)\s*(\w+)", expression)) <= FILTERS
    for trusting in ("ng-bind-html", "ng-include", "$sce", "trustAs", "<script", "javascript:", "innerHTML", "compile"):
        assert trusting not in text


def test_the_long_report_shows_every_output(package: Path, action: manifest.Action) -> None:
    bound = Template(read(package, action, "long")).bound()
    # a job that failed has no record: TheHive shows the sentence
    outputs = [output.path for output in catalogue.outputs(action) if not output.path.startswith("error.")]
    assert [path for path in outputs if f"content.{path}" not in bound] == []
    assert "content.errorMessage" in bound


def test_texts_are_shown_with_nothing_in_them_unseen(package: Path, action: manifest.Action) -> None:
    template = Template(read(package, action, "long"))
    shown = {
        found[1]
        for expression in template.expressions
        for found in re.finditer(r"content\.shown\['=' \+ (\S+)\]", expression)
    }
    hostile = {"title", "description", "file_name", "process_command_line", "url", "comment", "user_name", "signer"}
    wanted = {path for path in template.bound() if path.rpartition(".")[2] in hostile}
    assert wanted <= {template._whole(path) for path in shown}


def test_the_words_are_those_of_the_other_renderings(package: Path, action: manifest.Action) -> None:
    text = read(package, action, "long").replace("&#x27;", "'")
    for outcome in action.outcomes:
        assert outcome in OPEN or f"{OUTCOMES[outcome].symbol} {OUTCOMES[outcome].words}" in text
    first = next(outcome for outcome in action.outcomes if outcome not in OPEN)
    record = example(first)
    record["file"] |= {"determination_type": "Malware", "signer": "Contoso"}
    labels = re.findall(r"^- (\w[^:`*]*): ", record_to_markdown(record), re.MULTILINE)
    assert len(labels) > 3
    for label in labels:
        assert label.partition(" of ")[0] in text, label


def test_no_word_judges_by_absence(package: Path, action: manifest.Action) -> None:
    text = Template(read(package, action, "long"))
    assert not re.search(r"\b(clean|safe|benign|harmless)\b", " ".join(text.expressions).lower())
    for name, value in text.attributes:
        assert name == "title" or not re.search(r"label-success", value)
