"""The reports TheHive shows: a line of tags, and a page with the finding on top and the whole record below.

TheHive gives a template ``content`` (``summary`` or ``full`` of the answer; of a failed job its ``errorMessage``) and
``success``, and compiles it with AngularJS.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mde_files.platforms.cortex.bindings import counted, fact, listed, moment, text, window
from mde_files.platforms.cortex.record_table import record_table
from mde_files.render.escaping import for_html
from mde_files.render.outcomes import OPEN, OUTCOMES
from mde_files.render.sentences import HASH_NAMES

if TYPE_CHECKING:
    from mde_files.manifest import Action

_TAG_STYLES = "{'safe': 'label-success', 'suspicious': 'label-warning', 'malicious': 'label-danger'}"
_TONES = {"high": "label-danger", "seen": "label-primary", "plain": "label-default", "open": "label-warning"}
_SEVERITIES = "{'high': 'label-danger', 'medium': 'label-warning', 'low': 'label-info'}"
_HAS_VERDICT = "content.file.determination_type && content.file.determination_type !== 'Unknown'"


def short_report() -> str:
    """Return the template of the tags."""
    return (
        '<span class="label" ng-repeat="tag in content.taxonomies track by $index" '
        f"ng-class=\"{_TAG_STYLES}[tag.level] || 'label-info'\">"
        '{{tag.namespace}}:{{tag.predicate}}="{{tag.value}}"</span>\n'
    )


def long_report(action: Action) -> str:
    """Return the template of the page for an action."""
    body = "content." + action.id
    own = _statistics(body) if action.id == "file_stats" else _alerts(body)
    return (
        '<div class="panel panel-danger" ng-if="!success">\n'
        f'<div class="panel-heading"><strong>{for_html(action.title)}: {OUTCOMES["failed"].words}</strong></div>\n'
        '<div class="panel-body">{{content.errorMessage}}</div>\n</div>\n'
        '<div class="panel panel-info" ng-if="success">\n'
        f'<div class="panel-heading"><strong>{for_html(action.title)}</strong> {_outcomes(action)}</div>\n'
        '<div class="panel-body">\n<p>{{content.summary}}</p>\n'
        f'<table class="table table-condensed">\n{_hashes()}{own}{_file_facts()}</table>\n'
        f"{_caveats()}{_portal()}</div>\n"
        f"{_alert_table(body) if action.id == 'file_alerts' else ''}"
        f'<div class="panel-footer">{record_table(action)}</div>\n</div>\n'
    )


def _outcomes(action: Action) -> str:
    looks = [(outcome, OUTCOMES[outcome]) for outcome in action.outcomes if outcome not in OPEN]
    labels = "".join(
        f'<span class="label {_TONES[look.tone]}" ng-switch-when="{outcome}">'
        f"{look.symbol} {for_html(look.words)}</span>"
        for outcome, look in looks
    )
    return f'<span ng-switch="content.outcome">{labels}</span>'


def _hashes() -> str:
    return "".join(
        fact(name, f"<code>{{{{content.file.{kind}}}}}</code>", f"content.file.{kind}")
        for kind, name in HASH_NAMES.items()
        if kind != "unknown"
    )


def _statistics(body: str) -> str:
    here = f"{counted(f'{body}.organization_prevalence', 'device')} in {window(f'{body}.lookback_hours')}"
    return (
        fact("Organization", here, body)
        + fact("Worldwide", counted(f"{body}.global_prevalence", "device"), body)
        + _span("Seen in the organization", f"{body}.organization_first_seen", f"{body}.organization_last_seen")
        + _span("Observed worldwide", f"{body}.global_first_observed", f"{body}.global_last_observed")
        + fact("File names", listed(f"{body}.top_file_names", "name", text("name")), f"{body}.top_file_names.length")
    )


def _alerts(body: str) -> str:
    devices = listed(f"{body}.devices", "device", text("(device.name || device.machine_id)"))
    techniques = listed(f"{body}.mitre_techniques", "technique", text("technique", 20))
    return (
        fact("Alerts", f"{counted(f'{body}.total', 'alert')}; {{{{{body}.returned | number}}}} listed", body)
        + _span("Activity", f"{body}.first_activity", f"{body}.last_activity")
        + fact("Devices with alerts", devices, f"{body}.devices.length")
        + fact("Techniques", techniques, f"{body}.mitre_techniques.length")
    )


def _span(label: str, first: str, last: str) -> str:
    return fact(label, f"{moment(first)} to {moment(last)}", f"{first} || {last}")


def _file_facts() -> str:
    threat = f'<span ng-if="content.file.determination_value">({text("content.file.determination_value")})</span>'
    return (
        fact("Microsoft's determination", f"{text('content.file.determination_type')} {threat}", _HAS_VERDICT)
        + fact("Signer", text("content.file.signer"), "content.file.signer")
        + fact("Issuer", text("content.file.issuer"), "content.file.issuer")
        + fact("Size", counted("content.file.size", "byte"), "content.file.size !== undefined")
    )


def _caveats() -> str:
    return (
        '<p class="text-warning" ng-repeat="caveat in content.caveats track by $index">'
        f"Caveat: {text('caveat.message', 1000)}</p>\n"
    )


def _portal() -> str:
    return (
        "<p ng-if=\"content.portal_url.indexOf('https://') === 0\">"
        '<a ng-href="{{content.portal_url}}" target="_blank" rel="noopener noreferrer">'
        "Open the file at {{content.portal_url.split('/')[2]}}</a></p>\n"
    )


def _alert_table(body: str) -> str:
    heads = "".join(f"<th>{head}</th>" for head in ("Created", "Severity", "Status", "Alert", "Device"))
    said = text("(alert.severity || 'unspecified')", 30)
    severity = (
        f'<span class="label" ng-class="{_SEVERITIES}[alert.severity.toLowerCase()] || \'label-default\'">{said}</span>'
    )
    cells = "".join(
        f"<td>{cell}</td>"
        for cell in (
            moment("alert.alert_creation_time"),
            severity,
            text("(alert.status || 'unknown')", 30),
            text("(alert.title || '(no title)')"),
            text("(alert.computer_dns_name || '-')", 80),
        )
    )
    return (
        f'<table class="table table-condensed" ng-if="{body}.alerts.length">'
        "<caption>Alerts that name the file, most severe first</caption>"
        f"<thead><tr>{heads}</tr></thead>"
        f'<tbody><tr ng-repeat="alert in {body}.alerts track by $index">{cells}</tr></tbody></table>\n'
    )
