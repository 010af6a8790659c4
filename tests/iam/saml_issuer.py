"""An identity provider of SAML 2.0: metadata, and responses that it signs. The canonical form is the standard library's."""

import base64
import datetime
import hashlib
from xml.etree.ElementTree import canonicalize

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding

ENTITY = "https://idp.example.com/saml"
SIGN_IN = "https://signin.aws.amazon.com/saml"
ATTRIBUTES = "https://aws.amazon.com/SAML/Attributes/"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"


def instant(seconds):
    """So many seconds from now."""
    at = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
    return at.strftime("%Y-%m-%dT%H:%M:%S.000Z")


class SamlIssuer:
    def __init__(self, entity=ENTITY):
        self.entity = entity
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "idp")])
        now = datetime.datetime.now(datetime.timezone.utc)
        builder = x509.CertificateBuilder(name, name, self.key.public_key(), 1, now, now + datetime.timedelta(days=30))
        self.certificate = base64.encodebytes(builder.sign(self.key, hashes.SHA256()).public_bytes(Encoding.DER)).decode()

    def metadata(self, more=""):
        return f"""<?xml version="1.0" encoding="UTF-8"?>
<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{self.entity}"{more}>
  <md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
    <md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data>
      <ds:X509Certificate>{self.certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>
    <md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="{self.entity}/sign-in"/>
  </md:IDPSSODescriptor>
</md:EntityDescriptor>"""

    def assertion(self, attributes, subject="alice", issued=0, expires=300, audience="urn:amazon:webservices", recipient=SIGN_IN, ends="", identifier="_a1", answers="", prefix=ATTRIBUTES):
        listed = "".join(
            f'<saml:Attribute Name="{prefix}{name}">'
            + "".join(f'<saml:AttributeValue xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="xs:string">{value}</saml:AttributeValue>' for value in values)
            + "</saml:Attribute>"
            for name, values in attributes.items()
        )
        return (
            f'<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="{identifier}" Version="2.0" IssueInstant="{instant(issued)}">'
            f"<saml:Issuer>{self.entity}</saml:Issuer><!-- SIGNATURE -->"
            f'<saml:Subject><saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">{subject}</saml:NameID>'
            f'<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData NotOnOrAfter="{instant(expires)}" Recipient="{recipient}"{answers}/></saml:SubjectConfirmation></saml:Subject>'
            f'<saml:Conditions NotBefore="{instant(issued - 5)}" NotOnOrAfter="{instant(expires)}"><saml:AudienceRestriction><saml:Audience>{audience}</saml:Audience></saml:AudienceRestriction></saml:Conditions>'
            f'<saml:AuthnStatement AuthnInstant="{instant(issued)}"{ends}/>'
            f"<saml:AttributeStatement>{listed}</saml:AttributeStatement></saml:Assertion>"
        )

    def sign(self, element, identifier="_a1", hash_="sha256"):
        """The element with a signature in the place of its first mark."""
        names = {"sha256": ("http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", "http://www.w3.org/2001/04/xmlenc#sha256", hashes.SHA256())}
        names["sha1"] = ("http://www.w3.org/2000/09/xmldsig#rsa-sha1", "http://www.w3.org/2000/09/xmldsig#sha1", hashes.SHA1())
        method, digest_method, algorithm = names[hash_]
        digest = hashlib.new(hash_, canonicalize(element).encode()).digest()
        info = (
            f'<ds:SignedInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:CanonicalizationMethod Algorithm="{EXCLUSIVE}"/>'
            f'<ds:SignatureMethod Algorithm="{method}"/><ds:Reference URI="#{identifier}"><ds:Transforms>'
            f'<ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/><ds:Transform Algorithm="{EXCLUSIVE}"/>'
            f'</ds:Transforms><ds:DigestMethod Algorithm="{digest_method}"/><ds:DigestValue>{base64.b64encode(digest).decode()}</ds:DigestValue></ds:Reference></ds:SignedInfo>'
        )
        signature = base64.b64encode(self.key.sign(canonicalize(info).encode(), padding.PKCS1v15(), algorithm)).decode()
        whole = f'<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#">{info}<ds:SignatureValue>{signature}</ds:SignatureValue></ds:Signature>'
        return element.replace("<!-- SIGNATURE -->", whole, 1)

    def response(self, assertion, status="Success", mark=""):
        return (
            f'<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="_r1" Version="2.0" IssueInstant="{instant(0)}">{mark}'
            f'<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:{status}"/></samlp:Status>{assertion}</samlp:Response>'
        )


def encoded(response):
    return base64.b64encode(response.encode()).decode()
