"""A network for the instances in each region: one VPC with one subnet of loopback addresses."""

import hashlib
import ipaddress
from unittest.mock import patch

from moto.core import DEFAULT_ACCOUNT_ID
from moto.ec2.models import ec2_backends, subnets, vpcs

TAG = ("goldsmith:local", "network")
# 16 regions fit in a /16, with 4,091 addresses each.
REGION_PREFIX = 20


def is_loopback(address):
    return ipaddress.ip_address(address).is_loopback


def _stable_id(kind, region):
    """The same id at each first start, so that settings which name it outlive a state that was thrown away."""
    return f"{kind}-0" + hashlib.sha256(f"goldsmith {kind} {region}".encode()).hexdigest()[:16]


def ensure(cidr, regions):
    blocks = ipaddress.ip_network(cidr).subnets(new_prefix=REGION_PREFIX)
    for region, block in zip(regions, blocks):
        backend = ec2_backends[DEFAULT_ACCOUNT_ID][region]
        vpc_id, subnet_id = _stable_id("vpc", region), _stable_id("subnet", region)
        if vpc_id in backend.vpcs:
            continue
        with patch.object(vpcs, "random_vpc_id", lambda: vpc_id), patch.object(subnets, "random_subnet_id", lambda: subnet_id):
            vpc = backend.create_vpc(str(block))
            subnet = backend.create_subnet(vpc.id, str(block), availability_zone=f"{region}a")
        for resource in (vpc, subnet):
            resource.add_tag(*TAG)
            resource.add_tag("Name", "goldsmith-local")


def describe():
    """VPC and subnet of each region that has a network."""
    found = {}
    for region, backend in ec2_backends[DEFAULT_ACCOUNT_ID].items():
        if _stable_id("vpc", region) in backend.vpcs:
            subnet = backend.get_subnet(_stable_id("subnet", region))
            found[region] = {"vpcId": subnet.vpc_id, "subnetId": subnet.id, "cidr": subnet.cidr_block}
    return found
