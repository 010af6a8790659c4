//! AWS's own managed policies: their names and paths. Their documents are AWS's and are not kept here.

/// The same list that the SAM transform knows; one policy a line, `partitions path/name`.
const LIST: &str = include_str!("../../sam/data/managed_policies.txt");

/// The path and name of each policy of the `aws` partition.
pub fn all() -> impl Iterator<Item = (String, &'static str)> {
    let lines = LIST.lines().filter(|line| !line.starts_with('#'));
    let policies = lines.filter_map(|line| line.split_once(' ')).filter(|(partitions, _)| partitions.contains('a'));
    policies.map(|(_, policy)| match policy.rsplit_once('/') {
        Some((path, name)) => (format!("/{path}/"), name),
        None => (String::from("/"), policy),
    })
}

/// The path and name behind an ARN of an AWS managed policy.
pub fn find(arn: &str) -> Option<(String, &'static str)> {
    let wanted = arn.strip_prefix("arn:aws:iam::aws:policy")?;
    all().find(|(path, name)| wanted.strip_prefix(path.as_str()) == Some(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_policies_are_found_by_their_arns() {
        assert!(find("arn:aws:iam::aws:policy/AmazonDynamoDBFullAccess").is_some());
        assert!(find("arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole").is_some());
        assert!(find("arn:aws:iam::aws:policy/AWSLambdaBasicExecutionRole").is_none());
    }
}
