"""Quotas of machines in Service Quotas: moto 5.2.5 knows none of EC2, and no defaults of a single one."""

import json

from moto.servicequotas.exceptions import NoSuchResource
from moto.servicequotas.models import ServiceQuotasBackend
from moto.servicequotas.responses import ServiceQuotasResponse

from .wrap import wrap

# Names and codes as on AWS; values of an account that has been in use for a while. Nothing enforces them here.
DEFAULTS = {
    "L-1216C47A": ("Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances", 640.0),
    "L-34B43A08": ("All Standard (A, C, D, H, I, M, R, T, Z) Spot Instance Requests", 640.0),
    "L-DB2E81BA": ("Running On-Demand G and VT instances", 0.0),
    "L-417A185B": ("Running On-Demand P instances", 0.0),
    "L-7295265B": ("Running On-Demand X instances", 0.0),
}
# The account's own values, by region and code. An account has none until somebody asked AWS for more.
_own = {}


def change(region, code, value):
    """Gives the account a quota of its own; none takes it away."""
    if value is None:
        _own.pop((region, code), None)
    else:
        _own[(region, code)] = float(value)


def _quota(backend, code, value):
    name, _ = DEFAULTS[code]
    return {
        "ServiceCode": "ec2",
        "ServiceName": "Amazon Elastic Compute Cloud (Amazon EC2)",
        "QuotaArn": f"arn:aws:servicequotas:{backend.region_name}:{backend.account_id}:ec2/{code}",
        "QuotaCode": code,
        "QuotaName": name,
        "Value": value,
        "Unit": "None",
        "Adjustable": True,
        "GlobalQuota": False,
    }


def install():
    @wrap(ServiceQuotasBackend, "get_service_quota")
    def get_service_quota(original, backend, service_code, quota_code):
        if service_code != "ec2":
            return original(service_code, quota_code)
        value = _own.get((backend.region_name, quota_code))
        if value is None:
            raise NoSuchResource
        return _quota(backend, quota_code, value)

    def get_aws_default_service_quota(response):
        wanted = json.loads(response.body)
        code = wanted.get("QuotaCode")
        if wanted.get("ServiceCode") != "ec2" or code not in DEFAULTS:
            raise NoSuchResource
        return json.dumps({"Quota": _quota(response.backend, code, DEFAULTS[code][1])})

    ServiceQuotasResponse.get_aws_default_service_quota = get_aws_default_service_quota
