"""TheHive's templates as they are shown: compiled by AngularJS in a real browser."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from tests.chromium import started_chromium
from tests.platforms.cortex.test_templates import ACTIONS, FOLDER_OF, TAGS, read
from tests.platforms.environments import python_of
from tests.render.conftest import HOSTILE_TEXTS, LABELS, alerts_everywhere, named

from mde_files.platforms.cortex.answer import report
from mde_files.render.escaping import for_terminal
from mde_files.render.outcomes import OUTCOMES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Page

    from mde_files import Connector
    from mde_files.emulator import Emulator

pytestmark = pytest.mark.slow

SHA1 = "a" * 40
# What TheHive's own directive does: an isolated scope with these names, the template compiled into it.
PAGE = """<!doctype html><html><body><script src="angular.js"></script><script>
const injector = angular.bootstrap(document.createElement('div'), [$provide => {
  $provide.value('$exceptionHandler', error => { throw error; });
}]);
window.show = (template, content, success) => {
  const place = document.createElement('report');
  document.body.replaceChildren(place);
  const scope = injector.get('$rootScope').$new(true);
  Object.assign(scope, {content: JSON.parse(content), success, name: 'x', artifact: {data: 'd'}, status: 'Success'});
  angular.element(place).append(injector.get('$compile')(template)(scope));
  scope.$digest();
  const pressed = new Set();
  for (let button; (button = [...place.querySelectorAll('button')].find(one => !pressed.has(one)));) {
    pressed.add(button);
    button.click();
  }
  const elements = [...place.querySelectorAll('*')];
  return {
    text: place.textContent,
    tags: [...new Set(elements.map(element => element.tagName.toLowerCase()))],
    attributes: [...new Set(elements.flatMap(element => element.getAttributeNames()))],
    links: elements.flatMap(element => ['href', 'src'].filter(name => element.hasAttribute(name))
      .map(name => element.getAttribute(name))),
  };
};
</script></body></html>"""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    found = list(python_of("cortex").parents[1].glob("lib/python*/site-packages/xstatic/pkg/angular/data/angular.js"))
    folder = tmp_path_factory.mktemp("angular")
    shutil.copy(found[0], folder / "angular.js")
    (folder / "page.html").write_text(PAGE, encoding="utf-8")
    with started_chromium() as browser:
        opened = browser.new_page()
        said: list[str] = []
        opened.on("console", lambda message: said.append(message.text))
        opened.on("pageerror", lambda error: said.append(str(error)))
        opened.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
        opened.goto((folder / "page.html").as_uri())
        opened.on("request", lambda request: said.append(request.url))
        yield opened
    assert said == []


@pytest.fixture
def show(page: Page, package: Path) -> Callable[..., dict[str, Any]]:
    """Show a report with everything in it opened; returns its text, tags, attributes and addresses."""

    def show(action: str, kind: str, content: Any, *, success: bool = True) -> dict[str, Any]:
        declared = next(one for one in ACTIONS if one.id == action)
        given = [read(package, declared, kind), json.dumps(content), success]
        shown: dict[str, Any] = page.evaluate("given => window.show(...given)", given)
        assert set(shown["tags"]) <= TAGS
        assert not [name for name in shown["attributes"] if name.startswith("on") or name == "style"]
        assert "{{" not in shown["text"] or "{{" in json.dumps(content)
        assert all(character.isprintable() or character == "\n" for character in shown["text"])
        return shown

    return show


def scalars(value: Any) -> Iterator[str]:
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from scalars(inner)
    elif isinstance(value, bool):
        yield json.dumps(value)
    # a number beyond 53 bits is not one that JavaScript has
    elif isinstance(value, str) or abs(value) <= 2**53:
        yield for_terminal(value, 4000)[:2000]


@pytest.mark.parametrize("label", LABELS)
@pytest.mark.parametrize("action", FOLDER_OF)
def test_everything_a_record_says_is_shown(
    show: Callable[..., dict[str, Any]], connect: Callable[..., Connector], emulator: Emulator, action: str, label: str
) -> None:
    record = connect(portal_host="security.contoso.example").run(
        action, {"file_hash": emulator.scenario.file(label).sha1}
    )
    shown = show(action, "long", report(record, {}, "")["full"])
    assert f"{OUTCOMES[record['outcome']].symbol} {OUTCOMES[record['outcome']].words}" in shown["text"]
    assert [text for text in scalars(record) if text not in shown["text"]] == []
    assert set(shown["links"]) == {record["portal_url"]}
    assert "NaN" not in shown["text"]
    assert "undefined" not in shown["text"]


@pytest.mark.parametrize("text", HOSTILE_TEXTS)
def test_hostile_texts_are_only_text(show: Callable[..., dict[str, Any]], text: str) -> None:
    for record in (named(text, SHA1), alerts_everywhere(text, SHA1)):
        answer = report(record, {}, SHA1)
        shown = show(record["action"], "long", answer["full"])
        assert for_terminal(text, 4000) in shown["text"]
        assert set(shown["links"]) == {record["portal_url"]}
        show(record["action"], "short", answer["summary"])
    failed = show("file_stats", "long", {"errorMessage": for_terminal(text)}, success=False)
    assert for_terminal(text) in failed["text"]
    assert failed["links"] == []


def test_names_that_javascript_objects_have_are_shown(show: Callable[..., dict[str, Any]]) -> None:
    for text in ("constructor", "__proto__", "toString"):
        assert text in show("file_stats", "long", report(named(text, SHA1), {}, SHA1)["full"])["text"]


def test_an_address_that_is_no_web_page_is_no_link(show: Callable[..., dict[str, Any]]) -> None:
    full = {**report(named("a.exe", SHA1), {}, SHA1)["full"], "portal_url": "javascript:alert(1)"}
    assert show("file_stats", "long", full)["links"] == []


def test_tags_stand_as_thehive_writes_them(show: Callable[..., dict[str, Any]]) -> None:
    summary = report(named("a.exe", SHA1), {}, SHA1)["summary"]
    text = show("file_stats", "short", summary)["text"]
    for tag in summary["taxonomies"]:
        assert f'{tag["namespace"]}:{tag["predicate"]}="{tag["value"]}"' in text
