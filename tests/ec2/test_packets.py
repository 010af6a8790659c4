"""Groups, network ACLs, addresses and interfaces as packets feel them, between running instances."""

import pytest
from asking import one
from clouds import eventually
from machines import needs_machines, needs_ssh
from places import ANYWHERE, Site
from test_ways import host, pings


@pytest.fixture
def site(cloud, ec2, account, tmp_path):
    needs_machines(cloud)
    needs_ssh()
    made = Site(cloud, ec2, account, tmp_path)
    yield made
    made.close()


def connects(shell, address, port):
    code = f"import socket; socket.create_connection(('{address}', {port}), 1)"
    return shell(f'python3 -c "{code}"', check=False).returncode == 0


def test_groups_and_acls(ec2, site):
    ssh_group, web = site.group("ssh", ("tcp", 22, ANYWHERE)), site.group("web")
    client, server = site.run(site.public, ssh_group), site.run(site.private, ssh_group, web)
    address, inner = site.running(client)["PublicIpAddress"], site.running(server)["PrivateIpAddress"]
    shell = site.login(address)
    site.login(inner, over=address)("nohup python3 -m http.server 8080 >/dev/null 2>&1 &")
    assert not connects(shell, inner, 8080)
    # By reference: whoever is in the group may.
    rule = {"IpProtocol": "tcp", "FromPort": 8080, "ToPort": 8080, "UserIdGroupPairs": [{"GroupId": ssh_group}]}
    ec2.authorize_security_group_ingress(GroupId=web, IpPermissions=[rule])
    assert eventually(lambda: connects(shell, inner, 8080), 5)
    other = site.group("other", ("tcp", 22, ANYWHERE))
    ec2.modify_instance_attribute(InstanceId=client, Groups=[other])
    assert not connects(shell, inner, 8080)
    ec2.modify_instance_attribute(InstanceId=client, Groups=[ssh_group])
    assert connects(shell, inner, 8080)
    # What is let out is a matter of groups, too.
    everything = one(ec2.describe_security_groups(GroupIds=[ssh_group]), "SecurityGroups")["IpPermissionsEgress"]
    ec2.revoke_security_group_egress(GroupId=ssh_group, IpPermissions=everything)
    assert not connects(shell, inner, 8080)
    ec2.authorize_security_group_egress(GroupId=ssh_group, IpPermissions=everything)
    assert connects(shell, inner, 8080)

    # A network ACL knows nothing of what went before: without a way for answers there is none.
    acl = ec2.create_network_acl(VpcId=site.vpc)["NetworkAcl"]["NetworkAclId"]
    standing = one(ec2.describe_network_acls(Filters=[{"Name": "association.subnet-id", "Values": [site.private]}]), "NetworkAcls")
    own = next(own for own in standing["Associations"] if own["SubnetId"] == site.private)["NetworkAclAssociationId"]

    def entry(number, egress, ports, action="allow"):
        ec2.create_network_acl_entry(
            NetworkAclId=acl, RuleNumber=number, Egress=egress, Protocol="6", RuleAction=action, CidrBlock=ANYWHERE, PortRange={"From": ports[0], "To": ports[1]}
        )

    ec2.replace_network_acl_association(AssociationId=own, NetworkAclId=acl)
    assert not connects(shell, inner, 8080)
    entry(100, False, (8080, 8080))
    assert not connects(shell, inner, 8080)
    entry(100, True, (1024, 65535))
    assert connects(shell, inner, 8080)
    entry(50, False, (8000, 8999), "deny")
    assert not connects(shell, inner, 8080)
    ec2.delete_network_acl_entry(NetworkAclId=acl, RuleNumber=50, Egress=False)
    assert connects(shell, inner, 8080)


def test_addresses_that_move(ec2, site):
    group = site.group("open", ("tcp", 22, ANYWHERE), ("icmp", -1, ANYWHERE))
    ids = [site.run(site.public, group) for _ in range(2)]
    first, second = (site.running(id) for id in ids)
    interface = first["NetworkInterfaces"][0]["NetworkInterfaceId"]
    elastic = ec2.allocate_address()
    ec2.associate_address(AllocationId=elastic["AllocationId"], InstanceId=ids[0])
    assert site.running(ids[0])["PublicIpAddress"] == elastic["PublicIp"]
    shell = site.login(elastic["PublicIp"])
    assert shell("hostname -I").split()[0] == first["PrivateIpAddress"]
    assert not pings(host, first["PublicIpAddress"]), "the automatic address is gone"
    ec2.associate_address(AllocationId=elastic["AllocationId"], InstanceId=ids[1], AllowReassociation=True)
    assert site.login(elastic["PublicIp"])("hostname -I").split()[0] == second["PrivateIpAddress"]

    # A secondary address, with a public one of its own.
    there = site.login(elastic["PublicIp"])
    ec2.assign_private_ip_addresses(NetworkInterfaceId=interface, PrivateIpAddresses=["10.8.1.200"])
    assert eventually(lambda: pings(there, "10.8.1.200"), 10)
    more = ec2.allocate_address()
    ec2.associate_address(AllocationId=more["AllocationId"], NetworkInterfaceId=interface, PrivateIpAddress="10.8.1.200")
    assert pings(host, more["PublicIp"])
    assert "10.8.1.200" in site.login(more["PublicIp"])("hostname -I").split()

    # A second interface, while the instance runs, and away again.
    made = ec2.create_network_interface(SubnetId=site.private, Groups=[group], PrivateIpAddress="10.8.2.77")["NetworkInterface"]
    held = ec2.attach_network_interface(NetworkInterfaceId=made["NetworkInterfaceId"], InstanceId=ids[0], DeviceIndex=1)
    shell = site.login(more["PublicIp"])
    eventually(lambda: "10.8.2.77" in shell("ip -4 -o addr show eth1", check=False).stdout, 15)
    assert pings(there, "10.8.2.77")
    ec2.detach_network_interface(AttachmentId=held["AttachmentId"])
    eventually(lambda: shell("ip link show eth1", check=False).returncode != 0, 15)
    assert not pings(there, "10.8.2.77")
