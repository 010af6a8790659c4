"""Row 08, 「【NATインスタンス(AWS)】基本構築(iptables利用)」: step by step, with the AWS CLI and ssh."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "ec2"))

from clouds import eventually  # noqa: E402
from machines import SSH, image, needs_machines, needs_ssh, ssh  # noqa: E402
from places import Outside  # noqa: E402

INGRESS = "authorize-security-group-ingress"


@pytest.fixture
def account(cloud):
    needs_machines(cloud)
    needs_ssh()
    return "080808080808"


@pytest.fixture
def aws(cloud, account):
    def run(*words):
        return cloud.aws("ec2", *words, AWS_ACCESS_KEY_ID=account)

    return run


class Site:
    """What the article takes for granted: a public and a private subnet, a bastion, and an instance in each subnet."""

    def __init__(self, cloud, aws, account, folder):
        self.aws = aws
        self.ami = image(cloud, account)
        self.key = folder / "article.pem"
        self.key.write_text(aws("create-key-pair", "--key-name", "article", "--key-type", "ed25519")["KeyMaterial"])
        self.key.chmod(0o600)
        self.vpc = aws("create-vpc", "--cidr-block", "10.8.0.0/16")["Vpc"]["VpcId"]
        self.gateway = aws("create-internet-gateway")["InternetGateway"]["InternetGatewayId"]
        aws("attach-internet-gateway", "--internet-gateway-id", self.gateway, "--vpc-id", self.vpc)
        self.public, _ = self.subnet("10.8.1.0/24", "--gateway-id", self.gateway)
        self.private, self.private_table = self.subnet("10.8.2.0/24")

    def subnet(self, block, *way_out):
        subnet = self.aws("create-subnet", "--vpc-id", self.vpc, "--cidr-block", block)["Subnet"]["SubnetId"]
        table = self.aws("create-route-table", "--vpc-id", self.vpc)["RouteTable"]["RouteTableId"]
        self.aws("associate-route-table", "--route-table-id", table, "--subnet-id", subnet)
        if way_out:
            self.aws("create-route", "--route-table-id", table, "--destination-cidr-block", "0.0.0.0/0", *way_out)
        return subnet, table

    def group(self, name, *permissions):
        group = self.aws("create-security-group", "--group-name", name, "--description", name, "--vpc-id", self.vpc)["GroupId"]
        for protocol, port, source in permissions:
            self.aws(INGRESS, "--group-id", group, "--protocol", protocol, "--port", port, "--cidr", source)
        return group

    def instance(self, subnet, group, *more):
        words = ["run-instances", "--image-id", self.ami, "--instance-type", "t3.micro", "--key-name", "article"]
        made = self.aws(*words, "--subnet-id", subnet, "--security-group-ids", group, *more)
        return made["Instances"][0]["InstanceId"]

    def running(self, id):
        self.aws("wait", "instance-running", "--instance-ids", id)
        return self.aws("describe-instances", "--instance-ids", id)["Reservations"][0]["Instances"][0]


@pytest.fixture
def site(cloud, aws, account, tmp_path):
    return Site(cloud, aws, account, tmp_path)


def test_row08(site, aws):
    outside = Outside()
    port = str(outside.server_address[1])
    # 22 and 443 are open, as the article says; and the port of the page that is called at the end.
    inside = "10.8.0.0/16"
    nat_group = site.group("nat", ("tcp", "22", "0.0.0.0/0"), ("tcp", "443", "0.0.0.0/0"), ("tcp", port, inside))
    ssh_group = site.group("ssh", ("tcp", "22", "0.0.0.0/0"))
    private_group = site.group("private", ("tcp", "22", inside))
    nat = site.instance(site.public, nat_group, "--associate-public-ip-address")
    bastion = site.instance(site.public, ssh_group, "--associate-public-ip-address")
    private = site.instance(site.private, private_group)
    nat_address = site.running(nat)["PublicIpAddress"]
    bastion_address = site.running(bastion)["PublicIpAddress"]
    private_one = site.running(private)
    assert "PublicIpAddress" not in private_one
    target = private_one["PrivateIpAddress"]
    over = ["-o", "ProxyCommand=ssh " + " ".join(SSH) + f" -i {site.key} -W %h:%p ec2-user@{bastion_address}"]

    def on_nat(command):
        return ssh(site.key, nat_address, command)

    def calls():
        """Whether the private instance reaches the page. `curl "<URL>"`"""
        done = ssh(site.key, target, f"curl -sS -m 3 '{outside.url}'", check=False, options=over)
        return "the internet" in done.stdout

    for address, options in [(nat_address, []), (bastion_address, []), (target, over)]:
        eventually(lambda a=address, o=options: ssh(site.key, a, "true", check=False, options=o).returncode == 0, 20)
    assert not calls(), "a private subnet has no way out"

    # 2: the route. It comes first here, to see that the check alone stops what is forwarded.
    aws("create-route", "--route-table-id", site.private_table, "--destination-cidr-block", "0.0.0.0/0", "--instance-id", nat)
    assert not calls(), "nobody forwards yet"

    # 1-3 to 1-5: in the NAT instance, as the article's commands.
    assert on_nat("sudo su - -c 'id -un'") == "root"
    on_nat("sudo su - -c \"echo 'net.ipv4.ip_forward=1' >> /etc/sysctl.conf\"")
    on_nat("sudo su - -c 'systemctl restart network'")
    assert on_nat("cat /proc/sys/net/ipv4/ip_forward") == "1"
    on_nat("sudo su - -c 'iptables -t nat -A POSTROUTING -o eth0 -j MASQUERADE'")
    assert "MASQUERADE" in on_nat("sudo iptables -t nat -L")
    assert not calls(), "source and destination are still checked"

    # 1-2: no check any more.
    aws("modify-instance-attribute", "--instance-id", nat, "--no-source-dest-check")
    outside.seen.clear()
    # 3: through the bastion to the private instance, and from there to the internet.
    assert calls()
    assert outside.seen == [nat_address]

    # The check is felt at once when it is back.
    aws("modify-instance-attribute", "--instance-id", nat, "--source-dest-check")
    assert not calls()
    aws("modify-instance-attribute", "--instance-id", nat, "--no-source-dest-check")
    assert calls()
    # Nobody gets in: what the NAT instance translates begins inside.
    assert ssh(site.key, target, "true", check=False, options=["-o", "ConnectTimeout=2"]).returncode != 0
    aws("terminate-instances", "--instance-ids", nat, bastion, private)
    outside.shutdown()
