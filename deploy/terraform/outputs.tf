output "url" {
  description = "Ask here, signed with IAM"
  value       = aws_apigatewayv2_api.api.api_endpoint
}

output "queue_url" {
  description = "Send rows here"
  value       = aws_sqs_queue.rows.url
}

output "dead_letter_queue_url" {
  description = "What could not be scored"
  value       = aws_sqs_queue.dead_rows.url
}

output "function_name" {
  description = "Invoke it with the body of a /predict"
  value       = aws_lambda_function.predict.function_name
}
