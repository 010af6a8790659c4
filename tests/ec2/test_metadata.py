"""The instance metadata service beside what an instance serves itself."""

import urllib.request

from asking import one
from clouds import eventually
from machines import console, image, needs_machines, printed, run, wait


def test_every_port_is_the_instances_own(cloud, ec2, account, name):
    """A web server listens at port 80 of every address, and metadata is still told; a token is one instance's."""
    needs_machines(cloud)
    group = ec2.create_security_group(GroupName=name, Description="web")["GroupId"]
    ec2.authorize_security_group_ingress(GroupId=group, IpProtocol="tcp", FromPort=80, ToPort=80, CidrIp="0.0.0.0/0")
    script = """#!/bin/sh
mkdir -p /srv/web && cd /srv/web && echo served > index.html
python3 -m http.server 80 --bind 0.0.0.0 >/dev/null 2>&1 &
T=$(curl -s -X PUT http://169.254.169.254/latest/api/token -H 'X-aws-ec2-metadata-token-ttl-seconds: 60')
echo "ID $(curl -s -H "X-aws-ec2-metadata-token: $T" http://169.254.169.254/latest/meta-data/instance-id)"
echo "TOKEN $T"
"""
    first, second = (run(ec2, image(cloud, account), SecurityGroupIds=[group], UserData=script) for _ in range(2))
    for id in (first, second):
        assert f"ID {id}" in printed(ec2, id, "TOKEN ")
        address = wait(ec2, id, "running")["PublicIpAddress"]

        def served():
            try:
                return urllib.request.urlopen(f"http://{address}/", timeout=3).read()
            except OSError:
                return None

        assert eventually(served, 20) == b"served\n"
    tokens = {console(ec2, id).split("TOKEN ")[1].split()[0] for id in (first, second)}
    assert len(tokens) == 2
    ec2.terminate_instances(InstanceIds=[first, second])
    wait(ec2, second, "terminated")
    assert one(ec2.describe_security_groups(GroupIds=[group]), "SecurityGroups")["GroupName"] == name
