//! How integrations name Lambda functions.

/// The function's ARN in `arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/{arn}/invocations`.
pub fn function_arn(uri: &str) -> Option<&str> {
    let (_, rest) = uri.split_once(":lambda:path/")?;
    let (_, function) = rest.split_once("/functions/")?;
    Some(function.strip_suffix("/invocations").unwrap_or(function))
}

#[cfg(test)]
mod tests {
    use super::function_arn;

    #[test]
    fn uris() {
        let uri = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:000000000000:function:f:prod/invocations";
        assert_eq!(function_arn(uri), Some("arn:aws:lambda:us-east-1:000000000000:function:f:prod"));
        assert_eq!(function_arn("arn:aws:apigateway:us-east-1:sqs:path/x"), None);
    }
}
