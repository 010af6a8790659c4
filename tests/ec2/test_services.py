"""Services and shutdowns as people write them in user data: there is no systemd inside, and what is said of it happens."""

from machines import console, image, needs_machines, printed, run, wait

UNIT = """#!/bin/bash
useradd -r web
mkdir -p /srv/site && echo "$(hostname)" > /srv/site/index.html
cat > /etc/systemd/system/site.service <<'END'
[Unit]
Description=A site
[Service]
User=web
WorkingDirectory=/srv/site
Environment=PORT=8000
ExecStart=/usr/bin/env python3 -m http.server $PORT
Restart=always
[Install]
WantedBy=multi-user.target
END
cat > /etc/rc.local <<'END'
#!/bin/sh
sleep 2
echo "AGAIN $(curl -s --retry 20 --retry-connrefused --retry-delay 1 http://127.0.0.1:8000/)"
END
chmod +x /etc/rc.local
systemctl daemon-reload
systemctl enable --now site
page() { curl -s --retry 20 --retry-connrefused --retry-delay 1 http://127.0.0.1:8000/; }
echo "PAGE $(page) by $(ps -o user= -p $(pgrep -f http.server | tail -1)) $(systemctl is-active site)"
pkill -f http.server
sleep 0.5
echo "RESTARTED $(page)"
sudo systemctl stop site
echo "STOPPED $(curl -s http://127.0.0.1:8000/ || echo nothing) $(systemctl is-active site)"
systemctl start nobody || echo "NOBODY $?"
shutdown -h +60
shutdown -c
echo "ON $(ls /run/shutdown.pid 2>&1 | grep -c 'No such')"
reboot
"""


def test_a_unit_of_ones_own(cloud, ec2, account):
    needs_machines(cloud)
    id = run(ec2, image(cloud, account), UserData=UNIT)
    output = printed(ec2, id, "AGAIN ", 60)
    host = wait(ec2, id, "running")["PrivateDnsName"].split(".")[0]
    for line in (f"PAGE {host} by web active", f"RESTARTED {host}", "STOPPED nothing inactive", "NOBODY 5", "ON 1", f"AGAIN {host}"):
        assert line in output, console(ec2, id)
    ec2.terminate_instances(InstanceIds=[id])
