//! API Gateway HTTP APIs (`apigatewayv2`).
