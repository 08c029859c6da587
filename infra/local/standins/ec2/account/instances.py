"""Every instance is a VM."""

import fnmatch

import moto.ec2.utils
from moto.ec2.exceptions import DependencyViolationError, EC2ClientError, InvalidInstanceTypeError, InvalidKeyPairNameError
from moto.ec2.models import EC2Backend
from moto.ec2.models.instances import StateReason
from moto.ec2.responses import EC2Response

from .network import is_loopback
from .wrap import wrap


def install(manager):
    _install_launch(manager)
    _install_changes(manager)
    _install_terminate(manager)
    _install_guest_shutdown(manager)
    _install_group_protection()
    _install_wildcards()


def _install_wildcards():
    original = moto.ec2.utils.instance_value_in_filter_values

    def matches(value, patterns):
        """EC2 takes `*` and `?` in values of filters; moto knows them of other resources, but not of instances."""
        if isinstance(value, str):
            return any(fnmatch.fnmatchcase(value, pattern) for pattern in patterns)
        return original(value, patterns)

    moto.ec2.utils.instance_value_in_filter_values = matches


def _install_launch(manager):
    @wrap(EC2Backend, "run_instances")
    def run_instances(original, backend, *args, **kwargs):
        key_name = kwargs.get("key_name")
        if key_name and key_name not in backend.key_pairs:
            raise InvalidKeyPairNameError({key_name})
        try:
            reservation = original(*args, **kwargs)
        except InvalidInstanceTypeError as error:
            wanted = kwargs["instance_type"]
            raise EC2ClientError("InvalidParameterValue", f"Invalid value '{wanted}' for InstanceType.") from error
        for instance in reservation.instances:
            # Made with the instance, gone with it: moto would leave it behind, and the security group in use.
            instance.nics[0].delete_on_termination = not kwargs.get("nics")
        try:
            for instance in reservation.instances:
                _launch(manager, backend, instance)
        except EC2ClientError:
            # As on AWS, a launch that fails leaves no instance.
            for instance in reservation.instances:
                manager.terminate(instance.id)
                instance.terminate()
                _release_address(instance)
            del backend.reservations[reservation.id]
            raise
        return reservation


def _launch(manager, backend, instance):
    if not is_loopback(instance.private_ip):
        raise EC2ClientError(
            "Unsupported",
            "Instances of the local account need a subnet of its own network (tag goldsmith:local=network)",
        )
    key_pair = backend.key_pairs.get(instance.key_name)
    # The key is on the instance for good, also when the key pair is deleted later.
    manager.launch(instance, key_pair.public_key.strip() if key_pair else "")


def _install_changes(manager):
    @wrap(EC2Backend, "start_instances")
    def start_instances(original, backend, instance_ids):
        for instance in backend.get_multi_instances_by_id(instance_ids):
            _require_not_terminated(instance)
            manager.start(instance.id)
        return original(instance_ids)

    @wrap(EC2Backend, "stop_instances")
    def stop_instances(original, backend, instance_ids):
        for instance in backend.get_multi_instances_by_id(instance_ids):
            _require_not_terminated(instance)
            if not instance.disable_api_stop:
                manager.stop(instance.id)
        return original(instance_ids)

    @wrap(EC2Backend, "reboot_instances")
    def reboot_instances(original, backend, instance_ids):
        for instance in backend.get_multi_instances_by_id(instance_ids):
            _require_not_terminated(instance)
            manager.reboot(instance.id)
        return original(instance_ids)


def _require_not_terminated(instance):
    if instance.state == "terminated":
        raise EC2ClientError(
            "IncorrectInstanceState", f"The instance '{instance.id}' is not in a state from which it can be changed."
        )


def _install_terminate(manager):
    @wrap(EC2Backend, "terminate_instances")
    def terminate_instances(original, backend, instance_ids):
        terminated = original(instance_ids)
        for instance, _ in terminated:
            manager.terminate(instance.id)
            _release_address(instance)
        return terminated


def _release_address(instance):
    """moto never gives an address out again; a subnet would be used up after as many launches as it has addresses."""
    try:
        subnet = instance.ec2_backend.get_subnet(instance.subnet_id)
    except EC2ClientError:
        return
    for address in instance._private_ips:
        subnet.del_subnet_ip(address)
    instance._private_ips.clear()


def _install_group_protection():
    @wrap(EC2Backend, "_delete_security_group")
    def delete_security_group(original, backend, vpc_id, group_id):
        for interface in backend.enis.values():
            if any(group.id == group_id for group in interface.group_set):
                raise DependencyViolationError(f"resource {group_id} has a dependent object")
        return original(vpc_id, group_id)


def _install_guest_shutdown(manager):
    """A guest that powers itself off stops (or terminates) its instance: seen whenever somebody looks."""

    def look(original, response):
        follow_guests(response.ec2_backend, manager)
        return original()

    for action in ("describe_instances", "describe_instance_status", "start_instances", "create_image"):
        wrap(EC2Response, action)(look)


def follow_guests(backend, manager):
    running = [instance for instance in backend.all_instances() if instance.state == "running"]
    states = manager.states() if running else {}
    for instance in running:
        if states.get(instance.id) != "stopped":
            continue
        if instance.instance_initiated_shutdown_behavior == "terminate":
            backend.terminate_instances([instance.id])
        else:
            instance.stop()
        instance.state_reason = StateReason(
            "Client.InstanceInitiatedShutdown: Instance initiated shutdown", "Client.InstanceInitiatedShutdown"
        )
