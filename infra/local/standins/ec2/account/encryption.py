"""Encrypted images and who may use their snapshots, as on AWS: moto 5.2.5 drops keys and half of the permissions."""

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import EC2Backend
from moto.ec2.models.amis import Ami
from moto.ec2.responses import EC2Response
from moto.kms import kms_backends
from moto.kms.models import KmsBackend

from .wrap import wrap

DEFAULT_KEY = "alias/aws/ebs"


def install():
    _install_default_key()
    _install_encrypted_images()
    _install_copies()
    _install_permissions()


def _install_default_key():
    @wrap(KmsBackend, "_generate_default_keys")
    def generate_default_keys(original, backend, alias_name):
        key_id = original(alias_name)
        backend.keys[key_id].key_manager = "AWS"
        return key_id

    def get_ebs_default_kms_key_id(response):
        response.error_on_dryrun()
        key = response.ec2_backend.default_kms_key_id or DEFAULT_KEY
        return ActionResult({"KmsKeyId": key})

    EC2Response.get_ebs_default_kms_key_id = get_ebs_default_kms_key_id


def _key_arn(backend, key_id):
    """ARN of a key by its id, alias or ARN; of the account's default key without one."""
    kms = kms_backends[backend.account_id][backend.region_name]
    wanted = key_id or backend.default_kms_key_id or DEFAULT_KEY
    found = kms.get_key_id_from_alias(wanted) if wanted.startswith("alias/") else kms.get_key_id(wanted)
    if found is None or found not in kms.keys:
        raise EC2ClientError("InvalidParameterValue", f"The KMS key {wanted} does not exist")
    return kms.keys[found].arn


def _encrypt(backend, snapshot, key_id):
    snapshot.kms_key_id = _key_arn(backend, key_id)
    snapshot.encrypted = True


def _install_encrypted_images():
    original_mappings = Ami.block_device_mappings.fget

    def block_device_mappings(image):
        mappings = original_mappings(image)
        mappings[0]["Ebs"]["Encrypted"] = image.ebs_snapshot.encrypted
        return mappings

    Ami.block_device_mappings = property(block_device_mappings)

    @wrap(EC2Backend, "create_image")
    def create_image(original, backend, *args, **kwargs):
        image = original(*args, **kwargs)
        if backend.get_ebs_encryption_by_default():
            _encrypt(backend, image.ebs_snapshot, None)
        return image


def _install_copies():
    @wrap(EC2Response, "copy_image")
    def copy_image(original, response):
        answer = original()
        backend = response.ec2_backend
        image = backend.amis[answer.result["ImageId"]]
        image.source_image_id = response._get_param("SourceImageId")
        if response._get_bool_param("CopyImageTags"):
            _copy_tags(response, image)
        if response._get_bool_param("Encrypted") or backend.get_ebs_encryption_by_default():
            _encrypt(backend, image.ebs_snapshot, response._get_param("KmsKeyId"))
        return answer

    @wrap(Ami, "get_filter_value")
    def get_filter_value(original, image, filter_name, *args):
        if filter_name == "source-image-id":
            return getattr(image, "source_image_id", None)
        if filter_name == "block-device-mapping.snapshot-id":
            return image.ebs_snapshot.id
        return original(filter_name, *args)


def _copy_tags(response, image):
    from moto.ec2.models import ec2_backends

    source_backend = ec2_backends[response.current_account][response._get_param("SourceRegion")]
    source = source_backend.amis[image.source_image_id]
    for tag in source.get_tags():
        image.add_tag(tag["key"], tag["value"])


def _refuse_default_key(backend, snapshot, code, message):
    if snapshot.kms_key_id and _is_default(backend, snapshot.kms_key_id):
        raise EC2ClientError(code, message)


def _is_default(backend, arn):
    keys = kms_backends[backend.account_id][backend.region_name].keys.values()
    return any(key.arn == arn and key.key_manager == "AWS" for key in keys)


def _install_permissions():
    @wrap(EC2Response, "modify_image_attribute")
    def modify_image_attribute(original, response):
        backend = response.ec2_backend
        adds = (response._get_param("LaunchPermission") or {}).get("Add") or response._get_param("OperationType") == "add"
        if adds and not response._get_bool_param("DryRun"):
            image = backend.describe_images(ami_ids=[response._get_param("ImageId")])[0]
            _refuse_default_key(
                backend,
                image.ebs_snapshot,
                "InvalidParameter",
                "Snapshots encrypted with the AWS Managed CMK can't be shared. Specify another snapshot.",
            )
        return original()

    @wrap(EC2Response, "modify_snapshot_attribute")
    def modify_snapshot_attribute(original, response):
        answer = original()
        backend, snapshot_id = response.ec2_backend, response._get_param("SnapshotId")
        changes = response._get_param("CreateVolumePermission") or {}
        snapshot = backend.get_snapshot(snapshot_id)
        added = _users(changes.get("Add"))
        if added:
            _refuse_default_key(
                backend,
                snapshot,
                "OperationNotPermitted",
                "Encrypted snapshots with EBS default key cannot be shared",
            )
        backend.add_create_volume_permission(snapshot_id, user_ids=added, groups=[])
        backend.remove_create_volume_permission(snapshot_id, user_ids=_users(changes.get("Remove")), groups=[])
        return answer


def _users(permissions):
    return [permission["UserId"] for permission in permissions or [] if "UserId" in permission]
