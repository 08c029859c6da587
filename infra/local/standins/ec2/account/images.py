"""Every image that is built here keeps a disk. Mends what moto 5.2.5 does otherwise than EC2."""

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import EC2Backend
from moto.ec2.models.amis import AmiBackend
from moto.ec2.responses import EC2Response

from .wrap import wrap

# Accounts whose public images answer to the owner alias "amazon".
AMAZON_ACCOUNTS = {"137112412989", "801119661308"}


def install(manager):
    _install_catalogue_owners()
    _install_create(manager)
    _install_copy_and_deregister(manager)
    _install_attributes()


def _install_catalogue_owners():
    @wrap(AmiBackend, "_load_amis")
    def load_amis(original, backend):
        original()
        # moto lets the owner "amazon" match every public image.
        for image in backend.amis.values():
            image.owner_alias = "amazon" if image.owner_id in AMAZON_ACCOUNTS else None
            # The publishers' snapshots are not the account's to see; moto would list them as its own.
            backend.snapshots.pop(image.ebs_snapshot.id, None)


def refuse_taken_name(backend, name):
    """AWS: an image's name is unique in its region among the account's own images."""
    for image in backend.amis.values():
        if image.name == name and image.owner_id == backend.account_id:
            raise EC2ClientError(
                "InvalidAMIName.Duplicate", f"AMI name {name} is already in use by AMI {image.id}"
            )


def _install_create(manager):
    @wrap(EC2Backend, "create_image")
    def create_image(original, backend, instance_id, name, description, tag_specifications):
        refuse_taken_name(backend, name)
        instance = backend.get_instance(instance_id)
        # moto answers 500 to tags for the snapshot.
        snapshot_tags = [spec for spec in tag_specifications if spec["ResourceType"] == "snapshot"]
        others = [spec for spec in tag_specifications if spec["ResourceType"] != "snapshot"]
        image = original(instance_id, name, description, others)
        image.description = description
        image.root_device_type = "ebs"
        image.root_device_name = instance.root_device_name
        for specification in snapshot_tags:
            for tag in specification["Tags"]:
                image.ebs_snapshot.add_tag(tag["Key"], tag["Value"])
        _keep_disk_or_forget(backend, image, lambda: manager.create_image(image.id, instance_id))
        return image


def _install_copy_and_deregister(manager):
    @wrap(EC2Backend, "copy_image")
    def copy_image(original, backend, source_image_id, source_region, name=None, description=None):
        if name:
            refuse_taken_name(backend, name)
        image = original(source_image_id, source_region, name, description)
        image.root_device_type = "ebs"
        _keep_disk_or_forget(backend, image, lambda: manager.copy_image(image.id, source_image_id))
        return image

    @wrap(EC2Backend, "deregister_image")
    def deregister_image(original, backend, ami_id):
        original(ami_id)
        manager.delete_image(ami_id)

    @wrap(EC2Backend, "register_image")
    def register_image(original, backend, name=None, description=None):
        raise EC2ClientError("UnsupportedOperation", "The local account makes images from instances only")


def _keep_disk_or_forget(backend, image, keep_disk):
    """An image that cannot be launched must not be seen."""
    try:
        keep_disk()
    except EC2ClientError:
        del backend.amis[image.id]
        backend.delete_snapshot(image.ebs_snapshot.id)
        raise


def _install_attributes():
    @wrap(EC2Response, "modify_image_attribute")
    def modify_image_attribute(original, response):
        # moto drops a new description.
        answer = original()
        description = (response._get_param("Description") or {}).get("Value")
        if description is not None:
            _find(response).description = description
        return answer

    def enable_image_deprecation(response):
        response.error_on_dryrun()
        # A plain text in the answer's model, which moto would write in its own form.
        deprecate_at = response._get_param("DeprecateAt")
        _find(response).deprecation_time = deprecate_at.strftime("%Y-%m-%dT%H:%M:%S.000Z")
        return ActionResult({"Return": True})

    def disable_image_deprecation(response):
        response.error_on_dryrun()
        _find(response).deprecation_time = None
        return ActionResult({"Return": True})

    EC2Response.enable_image_deprecation = enable_image_deprecation
    EC2Response.disable_image_deprecation = disable_image_deprecation


def _find(response):
    return response.ec2_backend.describe_images(ami_ids=[response._get_param("ImageId")])[0]
