"""Pieces of AngularJS templates: text from a report is only ever bound where AngularJS escapes it."""

from __future__ import annotations

from mde_files.platforms.cortex.answer import SHOWN_PREFIX
from mde_files.render.escaping import for_html


def text(expression: str, longest: int = 200) -> str:
    """Return the binding of a text from upstream: cut, on its own in the reading direction, nothing in it unseen."""
    shown = f"content.shown['{SHOWN_PREFIX}' + {expression}] || {expression}"
    cut = f"{{{{{expression}.length > {longest} ? '…' : ''}}}}"
    return f'<bdi dir="ltr">{{{{({shown}) | limitTo:{longest}}}}}{cut}</bdi>'


def counted(expression: str, singular: str) -> str:
    """Return the binding of a number with its noun; "not known" where there is none."""
    told = f"({expression} | number) + ({expression} === 1 ? ' {singular}' : ' {singular}s')"
    return f"{{{{{expression} === undefined ? 'not known' : {told}}}}}"


def window(hours: str) -> str:
    """Return the binding of a look-back window in words, such as "the last 30 days"."""
    days, told = f"{hours} > 24 && {hours} % 24 === 0", "'the last ' + "
    several = f"({days} ? {told}{hours} / 24 + ' days' : {told}{hours} + ' hours')"
    return f"{{{{{hours} === 1 ? 'the last hour' : {several}}}}}"


def moment(expression: str) -> str:
    """Return the binding of a timestamp, to the minute; "unknown" where there is none."""
    told = f"{expression}.slice(0, 10) + ' ' + {expression}.slice(11, 16) + ' UTC'"
    return f"{{{{{expression} ? {told} : 'unknown'}}}}"


def fact(label: str, value: str, condition: str) -> str:
    """Return the row of a table with a label and what it says, which is there only under a condition."""
    return f'<tr ng-if="{condition}"><th>{for_html(label)}</th><td class="wrap">{value}</td></tr>\n'


def listed(list_expression: str, alias: str, item: str) -> str:
    """Return the items of a list, one after the other."""
    return f"<span ng-repeat=\"{alias} in {list_expression} track by $index\">{item}{{{{$last ? '' : ', '}}}}</span>"
