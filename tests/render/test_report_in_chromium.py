"""The report as an analyst opens it: in a real browser, which must neither ask for nor run anything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.chromium import LONGEST_MILLISECONDS, started_chromium
from tests.render.conftest import HOSTILE_TEXTS, alerts_everywhere, example, incident_of, named, of_file

from mde_files.playbook.attachment import Attached
from mde_files.playbook.incident import ObservedFile
from mde_files.render.html_report import report

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page
    from typing_extensions import Self

# every text on the page with the colours it is really drawn in, as [text, foreground, background]
DRAWN_TEXTS = """() => {
  const opaque = element => {
    for (let here = element; here; here = here.parentElement) {
      const colour = getComputedStyle(here).backgroundColor;
      if (!/, 0\\)$|transparent/.test(colour)) return colour;
    }
    return 'rgb(255, 255, 255)';
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !element.checkVisibility() || element.closest('title')) continue;
    const style = getComputedStyle(element);
    found.push([walker.currentNode.data.trim(), element.closest('svg') ? style.fill : style.color, opaque(element)]);
  }
  return found;
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with started_chromium() as browser:
        yield browser


class Visit:
    """A page opened from a file, and whatever it said, asked for or tried."""

    def __init__(self, browser: Browser, path: Path, **context: Any) -> None:
        self.said: list[str] = []
        self.asked: list[str] = []
        self.reached: list[str] = []
        self.address = path.as_uri()
        self._context = browser.new_context(**context)
        self._context.set_default_timeout(LONGEST_MILLISECONDS)
        self._context.route("**/*", self._route)
        self.page: Page = self._context.new_page()
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("dialog", lambda dialog: (self.said.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        self.page.on("popup", lambda popup: self.said.append(f"popup: {popup.url}"))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(self.address)

    def _route(self, route: Any) -> None:
        if route.request.url == self.address:
            route.continue_()
        else:
            self.reached.append(route.request.url)
            route.abort()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._context.close()


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """A report in which every text an attacker may choose is an attack."""
    records: list[dict[str, Any]] = []
    files = []
    for place, text in enumerate(HOSTILE_TEXTS):
        sha1 = f"{place + 1:040x}"
        records += [named(text, sha1), {**alerts_everywhere(text, sha1), "record_id": f"alerts-{place}"}]
        files.append(ObservedFile(sha1, "sha1", (text,), ()))
    attack = "<script>document.title = 'taken'; alert(1)</script>"
    incident = incident_of(*files, title=attack, url="javascript:alert(1)", tags=(attack,), severity=attack)
    attached = [Attached("file", attack, "created", (attack,), (attack,))]
    return written(tmp_path, report(attack, incident, records, attached, HOSTILE_TEXTS))


@pytest.fixture
def real(tmp_path: Path, records: list[dict[str, Any]]) -> Path:
    for record in records:
        if record["file"].get("sha1"):
            record["portal_url"] = f"https://security.microsoft.com/file/{record['file']['sha1']}?tid=t"
    attached = [Attached("sentinel", "https://portal.azure.com/#x", "updated", ("1 new alert",), ("mde-enriched",))]
    return written(
        tmp_path, report("Playbook enrich-incident-files", incident_of(), records, attached, ["Look at it."])
    )


def written(folder: Path, text: str) -> Path:
    path = folder / "report.html"
    path.write_text(text, encoding="utf-8")
    return path


def luminance(colour: str) -> float:
    channels = [float(part) / 255 for part in colour[colour.index("(") + 1 : -1].split(",")[:3]]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def test_hostile_texts_do_nothing(browser: Browser, hostile: Path) -> None:
    with Visit(browser, hostile) as visit:
        page = visit.page
        page.mouse.move(400, 400)
        for summary in page.locator("summary").all()[:5]:
            summary.click()
        page.keyboard.press("Tab")
        page.wait_for_timeout(200)
        assert visit.said == []
        assert visit.asked == [visit.address]
        assert page.url == visit.address
        assert page.title().endswith("· file enrichment")
        text = page.locator("body").inner_text()
        for shown in (
            "<img src=x onerror=alert(1)>.exe",
            "[click](https://attacker.example).exe",
            "invoice\\u202efdp.exe",
        ):
            assert shown in text
        assert page.locator("script, img, iframe, object, embed, form, link, base").count() == 0
        hosts = page.eval_on_selector_all("a", "links => [...new Set(links.map(link => link.protocol + link.host))]")
        assert sorted(hosts) == ["file:", "https:security.microsoft.com"]


def test_a_script_would_not_run_even_if_it_got_in(browser: Browser, tmp_path: Path) -> None:
    attack = (
        "<script>document.title = 'taken'</script><img src='https://attacker.example/x.png' onerror='alert(1)'>"
        "<style>@import url(https://attacker.example/x.css);</style><iframe src='https://attacker.example/'></iframe>"
    )
    text = report("x", None, [named("x")]).replace("</main>", f"{attack}</main>")
    with Visit(browser, written(tmp_path, text)) as visit:
        visit.page.wait_for_timeout(200)
        assert visit.page.title() == "x · file enrichment"
        assert visit.reached == []  # the policy stops them before they leave the page
        assert "Content Security Policy" in "\n".join(visit.said)


@pytest.mark.parametrize("width", [390, 820, 1360])
@pytest.mark.parametrize("which", ["real", "hostile"])
def test_nothing_is_wider_than_the_window(
    browser: Browser, request: pytest.FixtureRequest, which: str, width: int
) -> None:
    with Visit(browser, request.getfixturevalue(which), viewport={"width": width, "height": 844}) as visit:
        widths = visit.page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
        assert widths[0] <= widths[1]
        assert visit.page.get_by_role("heading", name="Details").is_visible()
        assert visit.said == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_stands_out_from_its_ground(browser: Browser, real: Path, scheme: str) -> None:
    with Visit(browser, real, color_scheme=scheme) as visit:
        drawn = visit.page.evaluate(DRAWN_TEXTS)
        assert len(drawn) > 500
        grounds = {ground for _, _, ground in drawn}
        assert all((luminance(ground) > 0.5) == (scheme == "light") for ground in grounds)
        weak = {(text[:40], ink, ground) for text, ink, ground in drawn if contrast(ink, ground) < 4.5}
        assert weak == set()


def test_on_paper_everything_is_there_and_dark_on_light(browser: Browser, real: Path) -> None:
    with Visit(browser, real, color_scheme="dark") as visit:
        visit.page.emulate_media(media="print")
        drawn = visit.page.evaluate(DRAWN_TEXTS)
        assert all(contrast(ink, "rgb(255, 255, 255)") >= 4.5 for _, ink, _ in drawn)
        hidden = visit.page.locator("details:not([open]) td").first
        assert hidden.evaluate("element => element.checkVisibility({contentVisibilityAuto: true})")
        assert visit.page.pdf().startswith(b"%PDF")


def test_people_who_do_not_see_it_can_read_it(browser: Browser, real: Path) -> None:
    with Visit(browser, real) as visit:
        page = visit.page
        assert page.locator("html").get_attribute("lang") == "en"
        assert page.locator("h1").count() == 1
        assert page.locator("th:not([scope])").count() == 0
        assert page.locator("table:not(:has(caption))").count() == 0
        pictures = page.locator("svg:not([aria-hidden])")
        assert pictures.count() > 30
        assert page.locator("svg:not([aria-hidden]):not([role=img][aria-label])").count() == 0
        page.keyboard.press("Tab")
        skip = page.get_by_role("link", name="Skip to the files")
        assert skip.evaluate("link => link === document.activeElement")
        assert skip.bounding_box()["x"] >= 0
        page.keyboard.press("Enter")
        assert page.url.endswith("#files")
        tree = page.locator("main").aria_snapshot()
        assert "Prevalence worldwide on a logarithmic scale: 5,120 devices" in tree


def test_links_lead_to_the_details_and_tell_nobody_whence(browser: Browser, real: Path) -> None:
    with Visit(browser, real) as visit:
        page = visit.page
        page.get_by_role("link", name="updater.exe").first.click()
        target = page.url.split("#")[1]
        assert page.locator(f"#{target} h3").inner_text() == "updater.exe"
        page.locator(f"#{target} summary").first.click()
        assert page.locator(f"#{target} details td").first.is_visible()
        outside = page.locator("a[href^=https]")
        assert outside.count() > 10
        for link in outside.all():
            assert "noreferrer" in str(link.get_attribute("rel"))


def test_a_large_batch_opens(browser: Browser, tmp_path: Path) -> None:
    records = [of_file(example("seen_in_organization"), f"{place:040x}") for place in range(2_000)]
    with Visit(browser, written(tmp_path, report("Batch", None, records))) as visit:
        assert visit.page.locator("tbody tr").count() == 2_000
        assert visit.said == []
        assert visit.asked == [visit.address]
