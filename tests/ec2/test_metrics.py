"""What CloudWatch knows of running instances: real counters, told by the cloud's clock."""

import datetime

from clouds import eventually
from machines import image, needs_machines, printed, run, wait

BUSY = """#!/bin/sh
timeout 60 sh -c 'while :; do :; done' &
for second in 1 2 3 4 5 6; do curl -s http://169.254.169.254/ > /dev/null; sleep 1; done
echo has worked
"""


def test_processors_and_packets_are_counted(own_cloud):
    cloud = own_cloud().wait_until_ready()
    needs_machines(cloud)
    ec2, cloudwatch = cloud.client("ec2"), cloud.client("cloudwatch")
    busy = run(ec2, image(cloud, "test"), UserData=BUSY, Monitoring={"Enabled": True})
    idle = run(ec2, image(cloud, "test"))
    for instance in (busy, idle):
        wait(ec2, instance, "running")
    printed(ec2, busy, "has worked", 60)

    def statistics(name, dimensions, statistic="Maximum"):
        now = datetime.datetime.now(datetime.UTC)
        found = cloudwatch.get_metric_statistics(
            Namespace="AWS/EC2", MetricName=name, Dimensions=dimensions, Statistics=[statistic], Period=60,
            StartTime=now - datetime.timedelta(hours=2), EndTime=now + datetime.timedelta(hours=2),
        )
        return [point[statistic] for point in found["Datapoints"]]

    def by_id(instance):
        return [{"Name": "InstanceId", "Value": instance}]

    cloud.advance("1m")
    assert max(eventually(lambda: statistics("CPUUtilization", by_id(busy)))) > 5
    assert max(statistics("NetworkIn", by_id(busy))) > 0
    assert max(statistics("CPUUtilization", [{"Name": "InstanceType", "Value": "t3.micro"}])) > 5
    assert max(statistics("StatusCheckFailed", by_id(idle))) == 0
    cloud.advance("5m")
    packets = eventually(lambda: statistics("NetworkPacketsOut", by_id(idle), "Sum"))
    assert max(packets) > 0, "an instance that boots asks for names at least"
    assert statistics("NetworkPacketsOut", by_id(busy)) == [], "detailed monitoring counts no packets"
    assert ec2.unmonitor_instances(InstanceIds=[busy])["InstanceMonitorings"][0]["Monitoring"]["State"] == "disabling"
    before = len(statistics("CPUUtilization", [{"Name": "InstanceType", "Value": "t3.micro"}]))
    cloud.advance("10m")
    assert eventually(lambda: statistics("NetworkPacketsOut", by_id(busy), "Sum"))
    assert len(statistics("CPUUtilization", [{"Name": "InstanceType", "Value": "t3.micro"}])) == before
