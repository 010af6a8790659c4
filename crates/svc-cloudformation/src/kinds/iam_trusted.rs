//! `AWS::IAM::OIDCProvider`, `AWS::IAM::ServerCertificate` and `AWS::IAM::ServiceLinkedRole`.

use serde_json::{Value, json};

use super::hands::{Hands, text_at, with};
use super::{texts, unchanged};
use crate::world::{Failure, Made, Work};

pub async fn create_provider(h: &Hands, w: &Work) -> Result<Made, Failure> {
    let input = with(
        w.pick(&["Url", "ThumbprintList", "Tags"]),
        [("ClientIDList", w.properties.get("ClientIdList").cloned().unwrap_or(Value::Null))],
    );
    let made = h.make(w, "iam", "CreateOpenIDConnectProvider", input).await?;
    let mut arn = text_at(&made, "/OpenIDConnectProviderArn");
    if arn.is_empty() {
        // It was made by an earlier try.
        let url = w.text("Url").unwrap_or_default();
        let host = url.split_once("://").map_or(url, |(_, host)| host).trim_end_matches('/');
        arn = h.global_arn("iam", &format!("oidc-provider/{host}"));
    }
    Ok(Made::new(arn.as_str()).attribute("Arn", arn))
}

pub async fn update_provider(h: &Hands, w: &Work) -> Result<Made, Failure> {
    let arn = &w.physical_id;
    if w.changed("ThumbprintList") {
        let input = json!({"OpenIDConnectProviderArn": arn, "ThumbprintList": w.list("ThumbprintList")});
        h.call("iam", "UpdateOpenIDConnectProviderThumbprint", input).await?;
    }
    let (lost, gained) = w.list_changes("ClientIdList");
    for client in texts(&gained) {
        let input = json!({"OpenIDConnectProviderArn": arn, "ClientID": client});
        h.call("iam", "AddClientIDToOpenIDConnectProvider", input).await?;
    }
    for client in texts(&lost) {
        let input = json!({"OpenIDConnectProviderArn": arn, "ClientID": client});
        h.remove("iam", "RemoveClientIDFromOpenIDConnectProvider", input).await?;
    }
    let (gone, new) = w.tag_changes("Tags");
    if !gone.is_empty() {
        let input = json!({"OpenIDConnectProviderArn": arn, "TagKeys": gone});
        h.call("iam", "UntagOpenIDConnectProvider", input).await?;
    }
    if !new.is_empty() {
        h.call("iam", "TagOpenIDConnectProvider", json!({"OpenIDConnectProviderArn": arn, "Tags": new})).await?;
    }
    Ok(unchanged(w))
}

pub async fn delete_provider(h: &Hands, w: &Work) -> Result<(), Failure> {
    h.remove("iam", "DeleteOpenIDConnectProvider", json!({"OpenIDConnectProviderArn": w.physical_id})).await
}

pub async fn create_certificate(h: &Hands, w: &Work) -> Result<Made, Failure> {
    let name = w.named("ServerCertificateName");
    let input = with(
        w.pick(&["Path", "CertificateBody", "CertificateChain", "PrivateKey", "Tags"]),
        [("ServerCertificateName", json!(name))],
    );
    let made = h.make(w, "iam", "UploadServerCertificate", input).await?;
    let mut arn = text_at(&made, "/ServerCertificateMetadata/Arn");
    if arn.is_empty() {
        // It was made by an earlier try.
        arn = h.global_arn("iam", &format!("server-certificate{}{name}", w.text("Path").unwrap_or("/")));
    }
    Ok(Made::new(name).attribute("Arn", arn))
}

/// All else than the path and the tags makes another certificate.
pub async fn update_certificate(h: &Hands, w: &Work) -> Result<Made, Failure> {
    let name = &w.physical_id;
    if w.changed("Path") {
        let input = json!({"ServerCertificateName": name, "NewPath": w.text("Path").unwrap_or("/")});
        h.call("iam", "UpdateServerCertificate", input).await?;
    }
    let (gone, new) = w.tag_changes("Tags");
    if !gone.is_empty() {
        h.call("iam", "UntagServerCertificate", json!({"ServerCertificateName": name, "TagKeys": gone})).await?;
    }
    if !new.is_empty() {
        h.call("iam", "TagServerCertificate", json!({"ServerCertificateName": name, "Tags": new})).await?;
    }
    let found = h.call("iam", "GetServerCertificate", json!({"ServerCertificateName": name})).await?;
    let arn = text_at(&found, "/ServerCertificate/ServerCertificateMetadata/Arn");
    Ok(Made::new(name.as_str()).attribute("Arn", arn))
}

pub async fn delete_certificate(h: &Hands, w: &Work) -> Result<(), Failure> {
    h.remove("iam", "DeleteServerCertificate", json!({"ServerCertificateName": w.physical_id})).await
}

pub async fn create_linked_role(h: &Hands, w: &Work) -> Result<Made, Failure> {
    let input = Value::Object(w.pick(&["AWSServiceName", "CustomSuffix", "Description"]));
    let made = h.call("iam", "CreateServiceLinkedRole", input).await?;
    let name = text_at(&made, "/Role/RoleName");
    Ok(Made::new(name.as_str()).attribute("RoleName", name))
}

pub async fn update_linked_role(h: &Hands, w: &Work) -> Result<Made, Failure> {
    h.call("iam", "UpdateRole", json!({"RoleName": w.physical_id, "Description": w.text("Description").unwrap_or("")}))
        .await?;
    Ok(unchanged(w))
}

pub async fn delete_linked_role(h: &Hands, w: &Work) -> Result<(), Failure> {
    h.remove("iam", "DeleteServiceLinkedRole", json!({"RoleName": w.physical_id})).await
}
