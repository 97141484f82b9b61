from __future__ import annotations

import io
import json
import logging
import sys
import unicodedata
from contextlib import redirect_stderr
from typing import Any
from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mde_files import config
from mde_files.foreign_logs import kept_out
from mde_files.logs import LEVELS, EventLog, redacted

WEB_TOKEN = "eyJhbGciOiJub25lIn0.eyJhdWQiOiJodHRwczovL2FwaSJ9.c2lnbmF0dXJl"
PEM = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG\n-----END PRIVATE KEY-----\n"
BASE = {"tenant_id": "tenant.test", "client_id": "66666666-7777-8888-9999-000000000000"}
CONFIGURATIONS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "client secret": (
        {"auth": {"method": "client_secret", "client_secret": "Sup~r\"s'ecret/+=%\\n&"}},
        ["Sup~r\"s'ecret/+=%\\n&"],
    ),
    "certificate": (
        {"auth": {"method": "certificate", "certificate": {"pem": PEM, "passphrase": "open sesame é"}}},
        [PEM, "open sesame é"],
    ),
    "access token": (
        {"auth": {"method": "access_token", "access_token": "opaque-access-token"}},
        ["opaque-access-token"],
    ),
    "proxy": (
        {
            "auth": {"method": "access_token", "access_token": "x-x-x-x"},
            "proxy": "http://user:p%40ss%2Fword@proxy.test:3128",
        },
        ["http://user:p%40ss%2Fword@proxy.test:3128", "p%40ss%2Fword", "p@ss/word"],
    ),
    "state": (
        {
            "auth": {"method": "access_token", "access_token": "x-x-x-x"},
            "state": "rediss://:redis-password@redis.test/0",
        },
        ["rediss://:redis-password@redis.test/0", "redis-password"],
    ),
}


def written(capsys: pytest.CaptureFixture[str]) -> list[str]:
    out, err = capsys.readouterr()
    assert out == ""
    return err.splitlines()


class TestForms:
    def test_key_value_for_people(self, capsys: pytest.CaptureFixture[str]) -> None:
        EventLog("info").info("http_attempt", action="file_stats", status=200, from_cache=False, title="two words")
        (line,) = written(capsys)
        assert line.startswith("timestamp=20")
        assert "level=info event=http_attempt" in line
        assert 'action=file_stats status=200 from_cache=false title="two words"' in line

    def test_json_for_machines(self, capsys: pytest.CaptureFixture[str]) -> None:
        EventLog("info", "json").info("http_attempt", action="file_stats", status=200, duration=0.5, from_cache=False)
        (line,) = written(capsys)
        event = json.loads(line)
        assert event.pop("timestamp").endswith("Z")
        assert event == {
            "event": "http_attempt",
            "level": "info",
            "action": "file_stats",
            "status": 200,
            "duration": 0.5,
            "from_cache": False,
        }

    @pytest.mark.parametrize("form", ["text", "json"])
    def test_what_is_not_known_is_left_out(self, capsys: pytest.CaptureFixture[str], form: str) -> None:
        EventLog("info", form).info("http_attempt", correlation_id=None, attempt=0)
        (line,) = written(capsys)
        assert "correlation_id" not in line
        assert "attempt" in line

    def test_other_values_become_text(self, capsys: pytest.CaptureFixture[str]) -> None:
        EventLog("info", "json").info("odd", error=ValueError("why"), names=["a", "b"])
        (line,) = written(capsys)
        assert json.loads(line)["error"] == "why"
        assert json.loads(line)["names"] == "['a', 'b']"


class TestLevels:
    @pytest.mark.parametrize("threshold", list(LEVELS))
    def test_only_what_is_severe_enough_is_written(self, capsys: pytest.CaptureFixture[str], threshold: str) -> None:
        log = EventLog(threshold, "json")
        log.debug("one")
        log.info("two")
        log.warning("three")
        levels = [json.loads(line)["level"] for line in written(capsys)]
        assert levels == [name for name in ("debug", "info", "warning") if LEVELS[name] >= LEVELS[threshold]]

    def test_a_quiet_log_imports_nothing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "structlog", None)
        EventLog("warning").info("not_written")

    @pytest.mark.parametrize("form", ["text", "json"])
    def test_without_structlog_every_event_is_a_line_of_json(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], form: str
    ) -> None:
        monkeypatch.setitem(sys.modules, "structlog", None)
        log = EventLog("debug", form, ["sesame"])
        log.warning("http_attempt", status=503, ok=False, title="sesame\r\n\u202e", nothing=None)
        log.debug("one")
        first, second = map(json.loads, written(capsys))
        assert first.pop("timestamp").endswith("Z")
        assert first == {
            "level": "warning",
            "event": "http_attempt",
            "status": 503,
            "ok": False,
            "title": "****\\u000d\n\\u202e",
        }
        assert (second["level"], second["event"]) == ("debug", "one")

    def test_without_structlog_a_platform_gets_its_lines_too(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "structlog", None)
        lines: list[tuple[str, str]] = []
        EventLog("info", write=lambda level, line: lines.append((level, line))).info("one", count=1)
        ((level, line),) = lines
        assert (level, json.loads(line)["count"]) == ("info", 1)

    def test_the_configuration_decides(self, capsys: pytest.CaptureFixture[str]) -> None:
        settings = {**BASE, "auth": {"method": "access_token", "access_token": "x-x-x-x"}}
        EventLog.from_config(config.load(settings)).info("too_small")
        EventLog.from_config(config.load({**settings, "log": {"level": "debug", "format": "json"}})).debug("small")
        (line,) = written(capsys)
        assert json.loads(line)["event"] == "small"


class TestSecrets:
    @pytest.mark.parametrize("form", ["text", "json"])
    @pytest.mark.parametrize("case", CONFIGURATIONS)
    def test_no_secret_of_the_configuration_is_ever_written(
        self, capsys: pytest.CaptureFixture[str], case: str, form: str
    ) -> None:
        settings, secrets = CONFIGURATIONS[case]
        log = EventLog.from_config(config.load({**BASE, **settings, "log": {"level": "info", "format": form}}))
        for secret in secrets:
            shapes: list[object] = [
                secret,
                f"before {secret} after",
                ValueError(secret),
                {"headers": {"key": secret}},
                [secret],
                quote(secret, safe=""),
                urlencode({"key": secret}),
                json.dumps({"key": secret}),
            ]
            log.info("told", **{f"shape{number}": shape for number, shape in enumerate(shapes)})
            log.info(secret)
        shown = "\n".join(written(capsys))
        assert shown.count("****") >= 9 * len(secrets)
        plain = shown.replace("\\", "")
        for secret in secrets:
            for shape in (secret, quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1]):
                assert shape not in shown
                assert shape.replace("\\", "") not in plain

    @pytest.mark.parametrize("form", ["text", "json"])
    def test_tokens_are_recognized_without_being_known(self, capsys: pytest.CaptureFixture[str], form: str) -> None:
        EventLog("info", form).info(
            "told", token=WEB_TOKEN, header="Authorization: Bearer opaque-token-123", inside={"a": WEB_TOKEN}
        )
        (line,) = written(capsys)
        assert "eyJ" not in line
        assert "opaque-token-123" not in line
        assert "Authorization: Bearer ****" in line

    @given(st.text(min_size=1), st.text(), st.text())
    def test_a_secret_is_gone_wherever_it_stands(self, secret: str, before: str, after: str) -> None:
        shown = redacted(f"{before}{secret}{after}", [secret])
        assert secret not in shown.replace("****", "") or secret in f"{before}{after}"
        assert "****" in shown

    def test_the_longer_secret_goes_first(self) -> None:
        assert redacted("url://user:pass@host", ["pass", "url://user:pass@host"]) == "****"

    def test_no_secret_changes_nothing(self) -> None:
        assert redacted("plain text", ["", "absent"]) == "plain text"


class TestHostileText:
    @pytest.mark.parametrize("form", ["text", "json"])
    @given(text=st.text(st.characters(), max_size=30))
    def test_an_event_stays_one_harmless_line(self, form: str, text: str) -> None:
        stream = io.StringIO()
        with redirect_stderr(stream):
            EventLog("info", form).info("told", reason=text)
        shown = stream.getvalue()
        assert shown.endswith("\n")
        assert len(shown.splitlines()) == 1
        assert not any(unicodedata.category(character) in {"Cc", "Zl", "Zp"} for character in shown[:-1])

    @pytest.mark.parametrize(
        "text", ["\x1b[2J", "a\rb", "a\tb", "\x9b31m", "\u202egnp.exe", "\u2066x\u2069", "a\u2028b", "\x00", "\u061c"]
    )
    @pytest.mark.parametrize("form", ["text", "json"])
    def test_control_characters_are_shown_as_what_they_are(
        self, capsys: pytest.CaptureFixture[str], form: str, text: str
    ) -> None:
        EventLog("info", form).info("told", reason=text)
        (line,) = written(capsys)
        assert not any(character in line for character in text if not character.isprintable())
        assert "\\u" in line

    def test_a_line_break_begins_no_new_event(self, capsys: pytest.CaptureFixture[str]) -> None:
        EventLog("info").info("told", reason='x\nlevel=error event=forged "')
        (line,) = written(capsys)
        assert 'reason="x' in line


def test_a_platform_gets_the_lines_instead_of_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    lines: list[tuple[str, str]] = []
    log = EventLog("debug", "text", ["sesame"], write=lambda level, line: lines.append((level, line)))
    log.debug("asked", key="sesame")
    log.info("answered")
    log.warning("throttled", seconds=3)
    assert [level for level, _ in lines] == ["debug", "info", "warning"]
    assert "event=throttled" in lines[2][1]
    assert "seconds=3" in lines[2][1]
    assert not any("sesame" in line for _, line in lines)
    assert capsys.readouterr().err == ""


def test_a_logger_that_a_library_makes_later_is_kept_out_too(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), kept_out("talkative"):
        logging.getLogger("talkative").warning("first")
    later = logging.getLogger("talkative.later")
    with caplog.at_level(logging.DEBUG), kept_out("talkative"):
        later.warning("second")
    later.warning("of the program itself")
    assert caplog.messages == ["of the program itself"]
