"""IAM's policy simulator for one principal: moto 5.2.5 has none.

Of policies it knows actions, resources and the conditions below, of principals users and roles; nobody's boundary.
"""

import json
from fnmatch import fnmatchcase

from moto.core.responses import ActionResult
from moto.iam.exceptions import InvalidInput
from moto.iam.responses import IamResponse


def _list(value):
    return value if isinstance(value, list) else [value]


def _like(patterns, text):
    return any(fnmatchcase(text, pattern.replace("[", "[[]")) for pattern in _list(patterns))


OPERATORS = {
    "StringEquals": lambda wanted, value: value in _list(wanted),
    "StringNotEquals": lambda wanted, value: value not in _list(wanted),
    "StringLike": _like,
    "StringNotLike": lambda wanted, value: not _like(wanted, value),
    "ArnLike": _like,
    "ArnEquals": _like,
    "Bool": lambda wanted, value: value.lower() in [str(one).lower() for one in _list(wanted)],
}


def _holds(operator, key, wanted, context, missing):
    """Whether one condition holds; a key that it needs and nobody gave is noted."""
    if operator == "Null":
        return (key.lower() not in context) == (str(wanted).lower() == "true")
    how, _, name = operator.rpartition(":")
    name, optional = (name[:-8], True) if name.endswith("IfExists") else (name, False)
    if key.lower() not in context:
        if optional or how == "ForAllValues":
            return True
        missing.add(key)
        return name.startswith("StringNot")
    values = context[key.lower()]
    check = OPERATORS[name]
    combine = all if how == "ForAllValues" else any
    return combine(check(wanted, value) for value in values)


def _applies(statement, action, resource, context, missing):
    if "NotAction" in statement:
        concerns = not _like([one.lower() for one in _list(statement["NotAction"])], action.lower())
    else:
        concerns = _like([one.lower() for one in _list(statement["Action"])], action.lower())
    if not concerns or not _like(statement.get("Resource", "*"), resource):
        return False
    return all(
        # All of them are looked at, so that each key that is missing is told.
        [
            _holds(operator, key, wanted, context, missing)
            for operator, conditions in statement.get("Condition", {}).items()
            for key, wanted in conditions.items()
        ]
    )


def _decide(statements, action, resource, context):
    missing = set()
    effects = [one["Effect"] for one in statements if _applies(one, action, resource, context, missing)]
    if "Deny" in effects:
        return "explicitDeny", missing
    return ("allowed" if "Allow" in effects else "implicitDeny"), missing


def _documents(backend, arn):
    name = arn.split("/")[-1]
    if ":user/" in arn:
        yield from (backend.get_user_policy(name, one)["policy_document"] for one in backend.list_user_policies(name))
        attached, _ = backend.list_attached_user_policies(name)
    elif ":role/" in arn:
        yield from (backend.get_role_policy(name, one)[1] for one in backend.list_role_policies(name))
        attached, _ = backend.list_attached_role_policies(name)
    else:
        raise InvalidInput(f"Invalid Entity Arn: {arn} does not clearly define entity type and name.")
    yield from (version.document for policy in attached for version in policy.versions if version.is_default)


def _statements(backend, arn):
    for document in _documents(backend, arn):
        read = json.loads(document) if isinstance(document, str) else document
        yield from _list(read["Statement"])


def simulate_principal_policy(response):
    statements = list(_statements(response.backend, response._get_param("PolicySourceArn")))
    entries = response._get_param("ContextEntries") or []
    context = {entry["ContextKeyName"].lower(): entry.get("ContextKeyValues", []) for entry in entries}
    results = []
    for action in response._get_param("ActionNames"):
        for resource in response._get_param("ResourceArns") or ["*"]:
            decision, missing = _decide(statements, action, resource, context)
            results.append(
                {
                    "EvalActionName": action,
                    "EvalResourceName": resource,
                    "EvalDecision": decision,
                    "MatchedStatements": [],
                    "MissingContextValues": sorted(missing) if decision != "allowed" else [],
                }
            )
    return ActionResult({"EvaluationResults": results, "IsTruncated": False})


def install():
    IamResponse.simulate_principal_policy = simulate_principal_policy
