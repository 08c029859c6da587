"""What the server answers beside moto: the state, the network, and regions that do not exist."""

import json

from moto.ec2.models import ec2_backends
from moto.core import DEFAULT_ACCOUNT_ID
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app

from . import network, quotas, state
from .denials import envelope


def request_handler():
    return MotoRequestHandler


def create_application():
    moto_application = DomainDispatcherApplication(create_backend_app)

    def application(environ, start_response):
        path = environ.get("PATH_INFO", "")
        if path.startswith("/goldsmith/"):
            return _answer(environ, start_response, path)
        region = _unknown_ec2_region(environ)
        if region:
            # AWS has no such address; moto answers 500, which every SDK repeats.
            body = envelope("AuthFailure", f"Credential should be scoped to a valid region. '{region}' is not one.")
            return _send(start_response, "401 Unauthorized", "text/xml", body)
        return moto_application(environ, start_response)

    return application


def _answer(environ, start_response, path):
    method = environ["REQUEST_METHOD"]
    if (method, path) == ("GET", "/goldsmith/health"):
        answer = {"ok": True}
    elif (method, path) == ("GET", "/goldsmith/network"):
        answer = network.describe()
    elif (method, path) == ("POST", "/goldsmith/save"):
        state.save(_body(environ)["path"])
        answer = {"ok": True}
    elif (method, path) == ("POST", "/goldsmith/quota"):
        quotas.change(**_body(environ))
        answer = {"ok": True}
    else:
        return _send(start_response, "404 Not Found", "application/json", "{}")
    return _send(start_response, "200 OK", "application/json", json.dumps(answer))


def _body(environ):
    return json.loads(environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)))


def _send(start_response, status, content_type, text):
    body = text.encode()
    start_response(status, [("Content-Type", content_type), ("Content-Length", str(len(body)))])
    return [body]


def _unknown_ec2_region(environ):
    """Region of a signed EC2 request, if there is no such region. The signature's scope is key/date/region/service/…"""
    _, _, scope = environ.get("HTTP_AUTHORIZATION", "").partition("Credential=")
    parts = scope.split(",")[0].split("/")
    if len(parts) != 5 or parts[3] != "ec2":
        return None
    return None if parts[2] in ec2_backends[DEFAULT_ACCOUNT_ID] else parts[2]
