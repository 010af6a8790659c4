"""User data in all its forms, as cloud-init takes them."""

import base64
import gzip
import urllib.request

import pytest
from machines import console, image, needs_machines, printed, run, wait

MIME = """Content-Type: multipart/mixed; boundary="//"
MIME-Version: 1.0

--//
Content-Type: text/cloud-config; charset="us-ascii"
Content-Disposition: attachment; filename="cloud-config.txt"

#cloud-config
cloud_final_modules:
- [scripts-user, always]

--//
Content-Type: text/x-shellscript; charset="us-ascii"

#!/bin/bash
echo "ALWAYS http://a.example/"
--//
Content-Type: text/cloud-boothook; charset="us-ascii"

#!/bin/bash
echo HOOK

--//--
"""


@pytest.fixture
def ami(cloud, account):
    needs_machines(cloud)
    return image(cloud, account)


def test_parts_that_run_at_every_boot(ec2, ami):
    """AWS's own example of a script that runs at every boot; its boundary occurs in every address."""
    id = run(ec2, ami, UserData=MIME)
    output = printed(ec2, id, "User data has run.")
    assert output.index("HOOK") < output.index("ALWAYS http://a.example/")
    wait(ec2, id, "running")
    ec2.stop_instances(InstanceIds=[id])
    wait(ec2, id, "stopped")
    assert "Power down." in console(ec2, id), "what was printed can be read after the stop"
    ec2.start_instances(InstanceIds=[id])
    wait(ec2, id, "running")
    again = printed(ec2, id, "ALWAYS http://a.example/")
    assert "HOOK" in again and "User data has run." not in again
    ec2.terminate_instances(InstanceIds=[id])


def test_scripts_of_other_makings(ec2, ami):
    packed = gzip.compress(b"#!/bin/sh\r\necho WINDOWS\r\ncurl -s http://169.254.169.254/latest/user-data | gunzip | head -1\necho END\n")
    archive = "#cloud-config-archive\n- type: text/cloud-config\n  content: |\n    runcmd: [echo CONFIG]\n- |\n  #!/bin/sh\n  echo ARCHIVED\n  echo END\n"
    first, second = run(ec2, ami, UserData=packed), run(ec2, ami, UserData=archive)
    output = printed(ec2, first, "\nEND")
    assert "\nWINDOWS" in output and "\n#!/bin/sh" in output, output
    output = printed(ec2, second, "\nEND")
    assert "\nCONFIG\n" in output and "\nARCHIVED\n" in output
    ec2.terminate_instances(InstanceIds=[first, second])


def test_more_of_cloud_config(ec2, ami):
    config = f"""#cloud-config
hostname: box
fqdn: box.example.com
groups:
  - ops: [deploy]
users:
  - default
  - {{name: deploy, uid: 1500, homedir: /srv/deploy, passwd: "$6$x$y"}}
  - {{name: daemon1, system: true, no_create_home: true}}
chpasswd:
  list: |
    ec2-user:secret
write_files:
  - path: /opt/packed
    encoding: gz+b64
    content: {base64.b64encode(gzip.compress(b"unpacked")).decode()}
  - {{path: /srv/deploy/own, content: x, owner: "deploy:deploy", defer: true}}
runcmd:
  - echo "NAMES $(hostname) $(hostname -f)"
  - echo "USERS $(id -u deploy) $(id -Gn deploy) $(stat -c %U /srv/deploy/own) $(test $(id -u daemon1) -lt 1000 && ls -d /home/daemon1 2>&1 | grep -c 'No such')"
  - echo "SHADOW $(sudo grep -c '^deploy:$6$x' /etc/shadow) $(sudo grep -c '^ec2-user:[$]' /etc/shadow)"
  - echo "FILE $(cat /opt/packed)"
  - echo 10.9.9.9 friend >> /etc/hosts
final_message: "UP after $UPTIME s by $datasource"
power_state: {{mode: poweroff}}
"""
    id = run(ec2, ami, UserData=config)
    wait(ec2, id, "stopped")
    output = console(ec2, id)
    for line in ("NAMES box box.example.com", "USERS 1500 deploy ops deploy 1", "SHADOW 1 1", "FILE unpacked", "s by DataSourceEc2"):
        assert line in output, output
    assert "not applied here" not in output
    # What people change of names stays.
    ec2.modify_instance_attribute(InstanceId=id, UserData={"Value": b"#cloud-boothook\n#!/bin/sh\necho \"STILL $(hostname) $(getent hosts friend | cut -d' ' -f1)\"\n"})
    ec2.start_instances(InstanceIds=[id])
    wait(ec2, id, "running")
    printed(ec2, id, "STILL box 10.9.9.9")
    ec2.terminate_instances(InstanceIds=[id])


def test_addresses_of_user_data(ec2, ami, cloud):
    """`#include` is fetched by the instance, from wherever it gets to: here, a bucket of the cloud."""
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="included-user-data", CreateBucketConfiguration={"LocationConstraint": "ap-northeast-1"})
    s3.put_object(Bucket="included-user-data", Key="script", Body=b"#!/bin/sh\necho INCLUDED\n")
    url = s3.generate_presigned_url("get_object", Params={"Bucket": "included-user-data", "Key": "script"})
    assert urllib.request.urlopen(url, timeout=10).read().startswith(b"#!")
    path = url.split("/", 3)[3]
    id = run(ec2, ami, UserData=f"#include\nhttps://s3.ap-northeast-1.amazonaws.com/{path}\nhttps://nobody.example/\n")
    output = printed(ec2, id, "User data has run.")
    assert "https://nobody.example/ cannot be fetched" in output
    ec2.terminate_instances(InstanceIds=[id])
