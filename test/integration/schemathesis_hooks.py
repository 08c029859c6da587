"""Gives calls that the document allows what no document can tell: what lies in the workspace. Every other one stays as drawn."""

import itertools
import json
import os

import schemathesis

IDS = json.loads(os.environ["GOLDSMITH_IDS"])
counter = itertools.count()


def fill(value, number):
    """The same body with references to what there is, a name that is free and a time to come."""
    if isinstance(value, list):
        return [fill(one, number) for one in value]
    if not isinstance(value, dict):
        return value
    filled = {key: IDS[key] if key in IDS else fill(one, number) for key, one in value.items()}
    if isinstance(filled.get("name"), str):
        # A letter, then letters, digits and hyphens: what the strictest kind of name takes.
        filled["name"] = f"Made-{number}"
    if isinstance(filled.get("tags"), dict):
        filled["tags"] = {"made": "up"}
    if isinstance(filled.get("expiresAt"), str):
        filled["expiresAt"] = "2090-01-01T00:00:00Z"
    return filled


@schemathesis.hook
def before_call(context, case, kwargs):
    number = next(counter)
    if number % 2 == 0 or case.meta is None or not case.meta.generation.mode.is_positive:
        return
    if isinstance(case.body, dict):
        case.body = fill(case.body, number)
    for name in ("If-Match", "Idempotency-Key"):
        (case.headers or {}).pop(name, None)
