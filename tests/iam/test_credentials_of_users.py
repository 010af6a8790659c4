"""Server certificates, and what users hold besides access keys: signing certificates, credentials for single services."""

import csv
import datetime
import io
import json

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


def pair():
    """A certificate of its own making and its private key, as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "shop.example")])
    begins = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), begins, begins.replace(year=2046))
    body = builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()
    plain = serialization.NoEncryption()
    return body, key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain).decode()


def code_of(call, **arguments):
    with pytest.raises(Exception) as caught:
        call(**arguments)
    return caught.value.response["Error"]["Code"]


def test_server_certificates(cloud, name):
    iam = cloud.client("iam")
    body, key = pair()
    whole = {"ServerCertificateName": name, "CertificateBody": body}
    upload = iam.upload_server_certificate
    assert code_of(upload, **whole, PrivateKey=pair()[1]) == "KeyPairMismatch"
    assert code_of(upload, ServerCertificateName=name, CertificateBody="nonsense", PrivateKey=key) == "MalformedCertificate"
    assert code_of(upload, **whole, PrivateKey=key, CertificateChain="nonsense") == "MalformedCertificate"
    tags = [{"Key": "site", "Value": "shop"}]
    made = iam.upload_server_certificate(**whole, PrivateKey=key, Path="/cloudfront/", CertificateChain=pair()[0], Tags=tags)
    shown = made["ServerCertificateMetadata"]
    assert shown["Arn"] == f"arn:aws:iam::000000000000:server-certificate/cloudfront/{name}"
    assert shown["Expiration"].year == 2046 and shown["ServerCertificateId"].startswith("ASCA")
    assert code_of(upload, **whole, PrivateKey=key) == "EntityAlreadyExists"
    found = iam.get_server_certificate(ServerCertificateName=name)["ServerCertificate"]
    assert found["CertificateBody"] == body and found["CertificateChain"] and found["Tags"] == tags
    listed = iam.list_server_certificates(PathPrefix="/cloudfront/")["ServerCertificateMetadataList"]
    assert name in [one["ServerCertificateName"] for one in listed]
    assert iam.get_account_summary()["SummaryMap"]["ServerCertificates"] >= 1
    iam.update_server_certificate(ServerCertificateName=name, NewServerCertificateName=f"{name}-2", NewPath="/")
    iam.tag_server_certificate(ServerCertificateName=f"{name}-2", Tags=[{"Key": "more", "Value": "1"}])
    iam.untag_server_certificate(ServerCertificateName=f"{name}-2", TagKeys=["site"])
    assert iam.list_server_certificate_tags(ServerCertificateName=f"{name}-2")["Tags"] == [{"Key": "more", "Value": "1"}]
    iam.delete_server_certificate(ServerCertificateName=f"{name}-2")
    assert code_of(iam.get_server_certificate, ServerCertificateName=f"{name}-2") == "NoSuchEntity"


def test_a_stack_brings_a_server_certificate(cloud, name):
    body, key = pair()
    properties = {"ServerCertificateName": name, "CertificateBody": body, "PrivateKey": key}
    template = {
        "Resources": {"Shown": {"Type": "AWS::IAM::ServerCertificate", "Properties": properties}},
        "Outputs": {"Arn": {"Value": {"Fn::GetAtt": ["Shown", "Arn"]}}},
    }
    stacks = cloud.client("cloudformation")
    stacks.create_stack(StackName=name, TemplateBody=json.dumps(template))
    stacks.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1})
    output = stacks.describe_stacks(StackName=name)["Stacks"][0]["Outputs"][0]["OutputValue"]
    iam = cloud.client("iam")
    assert iam.get_server_certificate(ServerCertificateName=name)["ServerCertificate"]["ServerCertificateMetadata"]["Arn"] == output
    stacks.delete_stack(StackName=name)
    stacks.get_waiter("stack_delete_complete").wait(StackName=name, WaiterConfig={"Delay": 1})
    assert code_of(iam.get_server_certificate, ServerCertificateName=name) == "NoSuchEntity"


def test_signing_certificates(cloud, name):
    iam = cloud.client("iam")
    iam.create_user(UserName=name)
    body = pair()[0]
    made = iam.upload_signing_certificate(UserName=name, CertificateBody=body)["Certificate"]
    assert code_of(iam.upload_signing_certificate, UserName=name, CertificateBody=body) == "DuplicateCertificate"
    iam.upload_signing_certificate(UserName=name, CertificateBody=pair()[0])
    assert code_of(iam.upload_signing_certificate, UserName=name, CertificateBody=pair()[0]) == "LimitExceeded"
    iam.update_signing_certificate(UserName=name, CertificateId=made["CertificateId"], Status="Inactive")
    listed = iam.list_signing_certificates(UserName=name)["Certificates"]
    assert {one["CertificateId"]: one["Status"] for one in listed}[made["CertificateId"]] == "Inactive"
    while iam.generate_credential_report()["State"] != "COMPLETE":
        pass
    report = csv.DictReader(io.StringIO(iam.get_credential_report()["Content"].decode()))
    [row] = [row for row in report if row["user"] == name] or [None]
    assert row is None or sorted([row["cert_1_active"], row["cert_2_active"]]) == ["false", "true"]
    iam.update_user(UserName=name, NewUserName=f"{name}-2")
    assert code_of(iam.delete_user, UserName=f"{name}-2") == "DeleteConflict"
    for one in iam.list_signing_certificates(UserName=f"{name}-2")["Certificates"]:
        iam.delete_signing_certificate(UserName=f"{name}-2", CertificateId=one["CertificateId"])
    iam.delete_user(UserName=f"{name}-2")


def test_credentials_for_single_services(cloud, name):
    iam = cloud.client("iam")
    iam.create_user(UserName=name)
    wanted = {"UserName": name, "ServiceName": "codecommit.amazonaws.com"}
    made = iam.create_service_specific_credential(**wanted)["ServiceSpecificCredential"]
    assert made["ServiceUserName"] == f"{name}-at-000000000000" and made["ServicePassword"]
    second = iam.create_service_specific_credential(**wanted)["ServiceSpecificCredential"]
    assert second["ServiceUserName"] != made["ServiceUserName"]
    assert code_of(iam.create_service_specific_credential, **wanted) == "LimitExceeded"
    other = {"UserName": name, "ServiceName": "s3.amazonaws.com"}
    assert code_of(iam.create_service_specific_credential, **other) == "NotSupportedService"
    one = {"UserName": name, "ServiceSpecificCredentialId": made["ServiceSpecificCredentialId"]}
    again = iam.reset_service_specific_credential(**one)["ServiceSpecificCredential"]
    assert again["ServicePassword"] != made["ServicePassword"]
    iam.update_service_specific_credential(**one, Status="Inactive")
    listed = iam.list_service_specific_credentials(UserName=name)["ServiceSpecificCredentials"]
    assert sorted(credential["Status"] for credential in listed) == ["Active", "Inactive"]
    assert not any("ServicePassword" in credential for credential in listed)
    assert code_of(iam.delete_user, UserName=name) == "DeleteConflict"
    for credential in listed:
        iam.delete_service_specific_credential(UserName=name, ServiceSpecificCredentialId=credential["ServiceSpecificCredentialId"])
    iam.delete_user(UserName=name)
