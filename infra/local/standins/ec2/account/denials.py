"""Refusals of EC2 in EC2's own envelope: Packer repeats a call for a minute when it cannot read the answer.
Those of Service Quotas as JSON, which is what it speaks."""

import json
from html import escape

from moto.core.exceptions import AccessDeniedError, AuthFailureError
from moto.iam.access_control import IAMRequest

from .wrap import wrap


def envelope(code, message):
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<Response><Errors><Error>'
        f"<Code>{escape(code)}</Code><Message>{escape(message)}</Message></Error></Errors>"
        "<RequestID>00000000-0000-4000-8000-000000000000</RequestID></Response>"
    )


def _in_envelope(error, code, message):
    # The HTTP status stays: 403 for a missing permission, 401 for wrong credentials.
    error.error_type = code
    error.description = envelope(code, message)
    return error


def _as_json(request):
    user, action = request._access_key.arn, request._action
    error = AccessDeniedError(user_arn=user, action=action)
    message = f"User: {user} is not authorized to perform: {action}"
    error.description = json.dumps({"__type": "AccessDeniedException", "Message": message})
    return error


def install():
    @wrap(IAMRequest, "_raise_access_denied")
    def raise_access_denied(original, request):
        if request._service == "servicequotas":
            raise _as_json(request)
        if request._service != "ec2":
            return original()
        user, action = request._access_key.arn, request._action
        raise _in_envelope(
            AccessDeniedError(user_arn=user, action=action),
            "UnauthorizedOperation",
            f"You are not authorized to perform this operation. User: {user} is not authorized to perform: {action}",
        )

    def auth_failure(original, request, *args):
        if request._service != "ec2":
            return original(*args)
        message = "AWS was not able to validate the provided access credentials"
        raise _in_envelope(AuthFailureError(), "AuthFailure", message)

    wrap(IAMRequest, "_raise_signature_does_not_match")(auth_failure)
    wrap(IAMRequest, "_raise_invalid_access_key")(auth_failure)
