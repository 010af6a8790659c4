"""Mail leaves the cloud by a relay."""

import json
import subprocess
import urllib.request

from clouds import binary, eventually, free_port
from smtp_server import PostOffice


def pool(cloud, **settings):
    api = cloud.client("cognito-idp")
    made = api.create_user_pool(PoolName="mail", AutoVerifiedAttributes=["email"], **settings)["UserPool"]["Id"]
    client = api.create_user_pool_client(UserPoolId=made, ClientName="app")["UserPoolClient"]["ClientId"]
    attributes = lambda to: [{"Name": "email", "Value": to}]
    return lambda name, to: api.sign_up(ClientId=client, Username=name, Password="Passw0rd!", UserAttributes=attributes(to))


def test_a_relay_that_is_away_for_a_while(own_cloud):
    port = free_port()
    cloud = own_cloud("--ephemeral", "--smtp", f"smtp://127.0.0.1:{port}").wait_until_ready()
    sign_up = pool(
        cloud, EmailVerificationSubject="確認コード", EmailVerificationMessage="<b>{####}</b>",
        EmailConfiguration={"From": "Shop <shop@example.com>", "ReplyToEmailAddress": "help@example.com", "EmailSendingAccount": "DEVELOPER",
                            "SourceArn": "arn:aws:ses:ap-northeast-1:000000000000:identity/shop@example.com"})
    sign_up("jane", "jane@example.com")
    sign_up("joe", "550@example.com")
    sign_up("jim", "jim@example.com")
    office = PostOffice(port)
    try:
        eventually(lambda: len(office.letters) == 2, 20)
        assert [letter["To"] for letter in office.letters] == ["jane@example.com", "jim@example.com"], "in their order, each once"
        assert len(office.refused) == 1, "what is refused for good is not tried again"
        letter = office.letters[0]
        assert (letter["From"], letter["Reply-To"], letter["Subject"]) == ("Shop <shop@example.com>", "help@example.com", "確認コード")
        assert letter.get_content_type() == "text/html"
        with urllib.request.urlopen(cloud.url + "/_kogumo/mail", timeout=30) as answer:
            kept = json.load(answer)
        assert letter.get_content().strip() == next(one["text"] for one in kept if one["to"] == "jane@example.com")
        cloud.reset()
        pool(cloud)("jane", "anew@example.com")
        eventually(lambda: len(office.letters) == 3, 20)
        assert office.letters[2]["From"] == "no-reply@verificationemail.com" and office.letters[2]["Reply-To"] is None
    finally:
        office.close()


def test_mail_waits_for_the_next_start(own_cloud, tmp_path):
    port = free_port()
    first = own_cloud("--data", str(tmp_path / "data")).wait_until_ready()
    pool(first)("jane", "before@example.com")
    first.stop()
    relay = ["--data", str(tmp_path / "data"), "--smtp", f"smtp://127.0.0.1:{port}"]
    second = own_cloud(*relay).wait_until_ready()
    pool(second)("jane", "waits@example.com")
    second.stop()
    office = PostOffice(port)
    try:
        own_cloud(*relay).wait_until_ready()
        eventually(lambda: office.letters, 20)
        assert [letter["To"] for letter in office.letters] == ["waits@example.com"], "what was before the relay stays"
    finally:
        office.close()


def test_what_is_no_relay():
    told = subprocess.run([binary(), "up", "--ephemeral", "--smtp", "http://example.com"], capture_output=True, text=True, timeout=30)
    assert told.returncode != 0 and "http://example.com is no SMTP relay" in told.stderr
