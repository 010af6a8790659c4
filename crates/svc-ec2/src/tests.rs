//! Black-box tests are in tests/ec2; here is what they cannot reach.
