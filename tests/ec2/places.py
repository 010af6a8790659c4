"""VPCs with instances in them, for tests that look at packets."""

import http.server
import socket
import threading

from clouds import eventually
from machines import image, run, ssh, wait

ANYWHERE = "0.0.0.0/0"


class Outside(http.server.ThreadingHTTPServer):
    """A web server outside of every VPC: on this machine, at an address of its own. It keeps who has called."""

    def __init__(self):
        seen = self.seen = []

        class Page(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                seen.append(self.client_address[0])
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b"the internet\n")

            def log_message(self, *_):
                pass

        super().__init__((own_address(), 0), Page)
        self.url = f"http://{self.server_address[0]}:{self.server_address[1]}/"
        threading.Thread(target=self.serve_forever, daemon=True).start()


def own_address():
    """The address of this machine that leads away from it; without one, the one at which the cloud's internet knows it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
            return probe.getsockname()[0]
        except OSError:
            return "198.18.0.1"


class Site:
    """A VPC with an internet gateway, a public and a private subnet, made with boto3."""

    def __init__(self, cloud, ec2, account, folder, block="10.8"):
        self.ec2, self.account, self.image = ec2, account, image(cloud, account)
        self.key = folder / "site.pem"
        self.key.write_text(ec2.create_key_pair(KeyName="site", KeyType="ed25519")["KeyMaterial"])
        self.key.chmod(0o600)
        self.vpc = ec2.create_vpc(CidrBlock=f"{block}.0.0/16")["Vpc"]["VpcId"]
        ec2.modify_vpc_attribute(VpcId=self.vpc, EnableDnsHostnames={"Value": True})
        self.gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        ec2.attach_internet_gateway(InternetGatewayId=self.gateway, VpcId=self.vpc)
        self.public, self.public_table = self.subnet(f"{block}.1.0/24")
        self.private, self.private_table = self.subnet(f"{block}.2.0/24")
        ec2.create_route(RouteTableId=self.public_table, DestinationCidrBlock=ANYWHERE, GatewayId=self.gateway)
        ec2.modify_subnet_attribute(SubnetId=self.public, MapPublicIpOnLaunch={"Value": True})
        self.instances = []

    def subnet(self, block, zone="ap-northeast-1a"):
        subnet = self.ec2.create_subnet(VpcId=self.vpc, CidrBlock=block, AvailabilityZone=zone)["Subnet"]["SubnetId"]
        table = self.ec2.create_route_table(VpcId=self.vpc)["RouteTable"]["RouteTableId"]
        self.ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
        return subnet, table

    def group(self, name, *permissions):
        """A group that lets in these (protocol, port, block)."""
        group = self.ec2.create_security_group(GroupName=name, Description=name, VpcId=self.vpc)["GroupId"]
        for protocol, port, block in permissions:
            self.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission(protocol, port, block)])
        return group

    def run(self, subnet, *groups, **more):
        id = run(self.ec2, self.image, SubnetId=subnet, SecurityGroupIds=list(groups), KeyName="site", **more)
        self.instances.append(id)
        return id

    def running(self, id):
        return wait(self.ec2, id, "running")

    def login(self, address, over=None):
        """A function that runs a command there; `over` is the public address of a bastion."""
        from machines import SSH

        jump = ["-o", "ProxyCommand=ssh " + " ".join(SSH) + f" -i {self.key} -W [%h]:%p ec2-user@{over}"] if over else []
        eventually(lambda: ssh(self.key, address, "true", check=False, options=jump).returncode == 0, 30)

        def command(text, check=True):
            return ssh(self.key, address, text, check=check, options=jump)

        return command

    def close(self):
        if self.instances:
            self.ec2.terminate_instances(InstanceIds=self.instances)


def permission(protocol, port, block):
    ports = {} if protocol == "-1" else {"FromPort": port, "ToPort": port}
    return {"IpProtocol": protocol, **ports, "IpRanges": [{"CidrIp": block}]}
