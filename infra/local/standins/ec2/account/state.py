"""The account's state in one file. moto has no persistence, but its models can be pickled."""

import os
import pickle
import tempfile

import moto
from moto import backends, settings
from moto.core.authorization import ActionAuthenticatorMixin
from moto.ec2.models import ec2_backends
from moto.ec2.models.amis import AMIS
from moto.ec2.models.instances import StateReason

SERVICES = ("ec2", "iam", "kms", "ssm", "sts")
# A request that runs while the state is written may change a collection under the pickler.
ATTEMPTS = 20


def save(path):
    """Writes the state, whole or not at all. The file is to be loaded by this program only (it is a pickle)."""
    data = _dump()
    folder = os.path.dirname(os.path.abspath(path))
    with tempfile.NamedTemporaryFile(dir=folder, delete=False) as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(file.name, path)


def _dump():
    for attempt in range(ATTEMPTS):
        try:
            return pickle.dumps(
                {
                    "moto": moto.__version__,
                    "no_auth_actions": settings.INITIAL_NO_AUTH_ACTION_COUNT,
                    "services": {service: _accounts(service) for service in SERVICES},
                }
            )
        except RuntimeError:
            if attempt == ATTEMPTS - 1:
                raise


def _accounts(service):
    return {
        account: dict(regions.items())
        for account, regions in list(backends.get_backend(service).items())
    }


def load(path):
    with open(path, "rb") as file:
        saved = pickle.load(file)
    if saved["moto"] != moto.__version__:
        raise SystemExit(f"{path} was saved by moto {saved['moto']}, this is {moto.__version__}: remove the file to start anew")
    settings.INITIAL_NO_AUTH_ACTION_COUNT = saved["no_auth_actions"]
    ActionAuthenticatorMixin.request_count = 0
    for service, accounts in saved["services"].items():
        for account, regions in accounts.items():
            for region, backend in regions.items():
                # The account's dictionary refuses unknown regions; its plain item setter does not.
                dict.__setitem__(backends.get_backend(service)[account], region, backend)
    _refresh_catalogue()


def _refresh_catalogue():
    """Public images may have come or gone since the state was saved."""
    public = {image["ami_id"] for image in AMIS}
    for backend in _ec2_regions():
        own = {image_id: image for image_id, image in backend.amis.items() if image.owner_id == backend.account_id}
        backend.amis = {}
        backend._load_amis()
        backend.amis.update({image_id: image for image_id, image in own.items() if image_id not in public})


def _ec2_regions():
    return [backend for regions in ec2_backends.values() for backend in regions.values()]


def reconcile(manager):
    """Brings the account and the VM manager to one truth: what one of them does not know is gone.

    VMs do not survive a restart, so an instance that was running is terminated; a stopped one with a disk stays.
    """
    regions = _ec2_regions()
    stopped = [instance.id for backend in regions for instance in backend.all_instances() if instance.state == "stopped"]
    images = [image_id for backend in regions for image_id in backend.amis]
    vms, disks = manager.keep_only(stopped, images)
    public = {image["ami_id"] for image in AMIS}
    for backend in regions:
        for instance in backend.all_instances():
            if instance.state != "terminated" and instance.id not in vms:
                instance.disable_api_termination = False
                backend.terminate_instances([instance.id])
                instance.state_reason = StateReason("Server.InternalError: the machine was restarted", "Server.InternalError")
        for image_id in [image_id for image_id in backend.amis if image_id not in public and image_id not in disks]:
            backend.deregister_image(image_id)
