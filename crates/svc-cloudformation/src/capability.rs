//! Which capabilities a template asks for: what may make identities has to be acknowledged.

use kogumo_template::Template;

/// The IAM types, and the property that gives each a name of one's own.
const IAM: [(&str, Option<&str>); 11] = [
    ("AWS::IAM::AccessKey", None),
    ("AWS::IAM::Group", Some("GroupName")),
    ("AWS::IAM::GroupPolicy", None),
    ("AWS::IAM::InstanceProfile", Some("InstanceProfileName")),
    ("AWS::IAM::ManagedPolicy", Some("ManagedPolicyName")),
    ("AWS::IAM::Policy", None),
    ("AWS::IAM::Role", Some("RoleName")),
    ("AWS::IAM::RolePolicy", None),
    ("AWS::IAM::User", Some("UserName")),
    ("AWS::IAM::UserPolicy", None),
    ("AWS::IAM::UserToGroupAddition", None),
];

/// What a template needs, and because of which types.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needed {
    /// `CAPABILITY_IAM` or `CAPABILITY_NAMED_IAM`.
    pub iam: Option<&'static str>,
    /// The types that need it, each once, in the template's order.
    pub because: Vec<&'static str>,
    /// The template names macros.
    pub auto_expand: bool,
}

impl Needed {
    /// What a template that has been transformed needs; `auto_expand` is for the caller to say.
    pub fn by(template: &Template) -> Self {
        let mut needed = Needed::default();
        for resource in template.resources.values() {
            let Some((kind, name)) = IAM.iter().find(|(kind, _)| *kind == resource.kind) else { continue };
            let named = name.is_some_and(|name| resource.properties.get(name).is_some());
            match (named, needed.iam) {
                (true, _) => needed.iam = Some("CAPABILITY_NAMED_IAM"),
                (false, None) => needed.iam = Some("CAPABILITY_IAM"),
                (false, Some(_)) => {}
            }
            if !needed.because.contains(kind) {
                needed.because.push(kind);
            }
        }
        needed
    }

    /// As `GetTemplateSummary` lists them.
    pub fn names(&self) -> Vec<String> {
        let auto = self.auto_expand.then_some("CAPABILITY_AUTO_EXPAND");
        self.iam.into_iter().chain(auto).map(str::to_owned).collect()
    }

    pub fn reason(&self) -> Option<String> {
        let types = self.because.join(", ");
        (!types.is_empty()).then(|| format!("The following resource(s) require capabilities: [{types}]"))
    }

    /// What is needed and wasn't given; `None` if nothing is missing.
    pub fn missing(&self, given: &[String]) -> Option<String> {
        let has = |name: &str| given.iter().any(|one| one == name);
        let mut missing = Vec::new();
        match self.iam {
            Some("CAPABILITY_IAM") if !has("CAPABILITY_IAM") && !has("CAPABILITY_NAMED_IAM") => {
                missing.push("CAPABILITY_IAM");
            }
            Some("CAPABILITY_NAMED_IAM") if !has("CAPABILITY_NAMED_IAM") => missing.push("CAPABILITY_NAMED_IAM"),
            _ => {}
        }
        if self.auto_expand && !has("CAPABILITY_AUTO_EXPAND") {
            missing.push("CAPABILITY_AUTO_EXPAND");
        }
        (!missing.is_empty()).then(|| format!("Requires capabilities : [{}]", missing.join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kogumo_template::read;

    fn needed(text: &str) -> Needed {
        Needed::by(&Template::parse(read(text).expect("YAML").value).expect("a template"))
    }

    #[test]
    fn iam_and_named_iam() {
        let given = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
        let role = needed("Resources: {R: {Type: 'AWS::IAM::Role'}}");
        assert_eq!(role.missing(&[]).as_deref(), Some("Requires capabilities : [CAPABILITY_IAM]"));
        assert_eq!(role.missing(&given(&["CAPABILITY_NAMED_IAM"])), None);
        let named = needed(
            "Resources: {R: {Type: 'AWS::IAM::Role', Properties: {RoleName: x}}, P: {Type: 'AWS::IAM::Policy'}}",
        );
        assert_eq!(
            named.missing(&given(&["CAPABILITY_IAM"])).as_deref(),
            Some("Requires capabilities : [CAPABILITY_NAMED_IAM]")
        );
        assert_eq!(
            named.reason().as_deref(),
            Some("The following resource(s) require capabilities: [AWS::IAM::Role, AWS::IAM::Policy]")
        );
        assert_eq!(needed("Resources: {B: {Type: 'AWS::S3::Bucket'}}"), Needed::default());
        let auto = Needed { auto_expand: true, ..role };
        assert_eq!(
            auto.missing(&[]).as_deref(),
            Some("Requires capabilities : [CAPABILITY_IAM, CAPABILITY_AUTO_EXPAND]")
        );
    }
}
