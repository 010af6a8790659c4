"""Elastic IPs that go to another account."""

import secrets

import pytest
from asking import one, refused


@pytest.fixture
def friend():
    return f"{secrets.randbelow(10**12):012d}"


def test_an_address_moves(cloud, ec2, account, friend):
    theirs = cloud.client("ec2", key=friend)
    made = ec2.allocate_address(Domain="vpc")
    id, public = made["AllocationId"], made["PublicIp"]
    with refused("InvalidAddress.NotFound"):
        theirs.accept_address_transfer(Address=public)
    with refused("InvalidParameterValue"):
        ec2.enable_address_transfer(AllocationId=id, TransferAccountId=account)
    with refused("InvalidAllocationID.NotFound"):
        theirs.enable_address_transfer(AllocationId=id, TransferAccountId=account)
    offer = ec2.enable_address_transfer(AllocationId=id, TransferAccountId=friend)["AddressTransfer"]
    assert (offer["PublicIp"], offer["AddressTransferStatus"], offer["TransferAccountId"]) == (public, "pending", friend)
    assert ec2.disable_address_transfer(AllocationId=id)["AddressTransfer"]["AddressTransferStatus"] == "disabled"
    with refused("InvalidAddress.NotFound"):
        theirs.accept_address_transfer(Address=public)
    with refused("InvalidParameterValue"):
        ec2.disable_address_transfer(AllocationId=id)
    ec2.enable_address_transfer(AllocationId=id, TransferAccountId=friend)
    with refused("InvalidAddress.NotFound"):
        cloud.client("ec2", key=f"{secrets.randbelow(10**12):012d}").accept_address_transfer(Address=public)
    accepted = theirs.accept_address_transfer(Address=public)["AddressTransfer"]
    assert accepted["AddressTransferStatus"] == "accepted" and accepted["TransferOfferAcceptedTimestamp"]
    assert ec2.describe_addresses()["Addresses"] == []
    assert one(theirs.describe_addresses(), "Addresses")["PublicIp"] == public
    assert one(ec2.describe_address_transfers(AllocationIds=[id]), "AddressTransfers")["AddressTransferStatus"] == "accepted"
    assert theirs.describe_address_transfers()["AddressTransfers"] == []
    with refused("InvalidAllocationID.NotFound"):
        ec2.release_address(AllocationId=id)
    theirs.release_address(AllocationId=one(theirs.describe_addresses(), "Addresses")["AllocationId"])
    assert ec2.allocate_address(Address=public)["PublicIp"] == public, "who released it was its owner"


def test_what_is_in_use_stays(cloud, ec2, friend):
    theirs = cloud.client("ec2", key=friend)
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    interface = ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
    made = ec2.allocate_address(Domain="vpc")
    ec2.associate_address(AllocationId=made["AllocationId"], NetworkInterfaceId=interface)
    ec2.enable_address_transfer(AllocationId=made["AllocationId"], TransferAccountId=friend)
    with refused("InvalidTransfer.AddressAssociated"):
        theirs.accept_address_transfer(Address=made["PublicIp"])
    for _ in range(5):
        theirs.allocate_address(Domain="vpc")
    ec2.disassociate_address(PublicIp=made["PublicIp"])
    with refused("AddressLimitExceeded"):
        theirs.accept_address_transfer(Address=made["PublicIp"])


def test_an_offer_expires(own_cloud, friend):
    cloud = own_cloud().wait_until_ready()
    ec2 = cloud.client("ec2")
    made = ec2.allocate_address(Domain="vpc")
    ec2.enable_address_transfer(AllocationId=made["AllocationId"], TransferAccountId=friend)
    cloud.advance("7d")
    with refused("InvalidAddress.NotFound"):
        cloud.client("ec2", key=friend).accept_address_transfer(Address=made["PublicIp"])
    assert ec2.describe_address_transfers()["AddressTransfers"] == []
