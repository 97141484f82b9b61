"""Questions, sources and record makers; every record made here is validated, encoded and checked for nulls."""

from __future__ import annotations

import copy
import json

import pytest
from jsonschema import Draft202012Validator

from mde_files import records
from mde_files.resources import schema_path

SHA1 = "0991a395da64e1c5fbe8732ed11e6be064081d9f"
SHA256 = "dc0ade0c95d6db98882bc8fa6707e64353cd6f7767ff48d6a81a6c2aef21c608"
TENANT = "11111111-2222-3333-4444-555555555555"


def _has_null(value):
    if isinstance(value, dict):
        return any(_has_null(entry) for entry in value.values())
    if isinstance(value, list):
        return any(_has_null(entry) for entry in value)
    return value is None


@pytest.fixture(scope="session")
def record_validator():
    return Draft202012Validator(json.loads(schema_path("record").read_bytes()))


@pytest.fixture(scope="session")
def checked(record_validator):
    """Return a record after checking everything that is true of each record."""

    def check(record):
        problems = [f"{problem.json_path}: {problem.message}" for problem in record_validator.iter_errors(record)]
        assert problems == []
        assert not _has_null(record)
        assert json.loads(json.dumps(record, ensure_ascii=False).encode("utf-8")) == record
        return record

    return check


@pytest.fixture(scope="session")
def question():
    def make(action, queried=SHA1, queried_type="sha1", tenant_id=TENANT):
        return records.Question(action, queried, queried_type, tenant_id)

    return make


@pytest.fixture(scope="session")
def source():
    def make(**changes):
        values = {
            "cloud": "commercial",
            "host": "api.security.microsoft.com",
            "tenant_id": TENANT,
            "endpoint": "/api/files/{sha1}/stats",
            "retrieved_at": "2026-11-21T20:00:00Z",
            "from_cache": False,
            "age_seconds": 0,
            "portal_host": "security.microsoft.com",
        }
        return records.Source(**{**values, **changes})

    return make


@pytest.fixture(scope="session")
def stats(checked, question, source):
    """Return a function from a statistics answer to its record."""

    def make(answer, **changes):
        before = copy.deepcopy(answer)
        options = {"sha1": SHA1, "lookback_hours": 720, "lookback_defaulted": True, **changes}
        asked = options.pop("question", question("file_stats"))
        record = records.stats_record(asked, options.pop("source", source()), answer=answer, **options)
        assert answer == before or json.dumps(answer) == json.dumps(before)
        return checked(record)

    return make


@pytest.fixture(scope="session")
def alerts(checked, question, source):
    """Return a function from a list of alerts to its record."""

    def make(listed, **changes):
        before = copy.deepcopy(listed)
        options = {"sha1": SHA1, "complete": True, "max_alerts": 100, "max_evidence": 25, **changes}
        asked = options.pop("question", question("file_alerts"))
        record = records.alerts_record(asked, options.pop("source", source()), alerts=listed, **options)
        assert listed == before or json.dumps(listed) == json.dumps(before)
        return checked(record)

    return make


@pytest.fixture(scope="session")
def caveat_codes():
    return lambda record: [caveat["code"] for caveat in record["caveats"]]
