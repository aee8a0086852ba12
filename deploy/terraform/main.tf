# AWS Lambda: the image as a function behind an HTTP API and a queue of rows; what deploy/aws/template.yaml makes by SAM.
# tests/deploy compares the two.

locals {
  alarms = {
    dead_rows = {
      description = "Messages could not be scored and lie in the dead-letter queue"
      namespace   = "AWS/SQS"
      metric      = "ApproximateNumberOfMessagesVisible"
      dimensions  = { QueueName = aws_sqs_queue.dead_rows.name }
      statistic   = "Maximum"
      periods     = 1
      threshold   = 1
      comparison  = "GreaterThanOrEqualToThreshold"
    }
    late_rows = {
      description = "The oldest message has waited for 15 minutes"
      namespace   = "AWS/SQS"
      metric      = "ApproximateAgeOfOldestMessage"
      dimensions  = { QueueName = aws_sqs_queue.rows.name }
      statistic   = "Maximum"
      periods     = 5
      threshold   = 900
      comparison  = "GreaterThanThreshold"
    }
    # A batch with failed messages is no error of these: those end in the dead-letter queue.
    errors = {
      description = "Invocations ended in an error or a timeout"
      namespace   = "AWS/Lambda"
      metric      = "Errors"
      dimensions  = { FunctionName = aws_lambda_function.predict.function_name }
      statistic   = "Sum"
      periods     = 3
      threshold   = 1
      comparison  = "GreaterThanOrEqualToThreshold"
    }
    throttles = {
      description = "Invocations were refused, because the account had no instance left"
      namespace   = "AWS/Lambda"
      metric      = "Throttles"
      dimensions  = { FunctionName = aws_lambda_function.predict.function_name }
      statistic   = "Sum"
      periods     = 3
      threshold   = 1
      comparison  = "GreaterThanOrEqualToThreshold"
    }
    server_errors = {
      description = "The HTTP API answered with a 5xx"
      namespace   = "AWS/ApiGateway"
      metric      = "5xx"
      dimensions  = { ApiId = aws_apigatewayv2_api.api.id }
      statistic   = "Sum"
      periods     = 3
      threshold   = 1
      comparison  = "GreaterThanOrEqualToThreshold"
    }
  }
}

data "aws_partition" "current" {}

# --- the function ---
resource "aws_lambda_function" "predict" {
  function_name = var.name
  package_type  = "Image"
  image_uri     = var.image_uri
  architectures = [var.architecture]
  memory_size   = var.memory_size
  role          = aws_iam_role.predict.arn
  # Below the 30 s of an HTTP API.
  timeout = 29

  logging_config {
    log_format = "Text"
    log_group  = aws_cloudwatch_log_group.logs.name
  }

  # An instance may write its first line, and the queue be polled, only with these.
  depends_on = [aws_iam_role_policy_attachment.logs, aws_iam_role_policy_attachment.queue]
}

resource "aws_iam_role" "predict" {
  name_prefix = "${var.name}-"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "lambda.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role_policy_attachment" "logs" {
  role       = aws_iam_role.predict.name
  policy_arn = "arn:${data.aws_partition.current.partition}:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
}

resource "aws_iam_role_policy_attachment" "queue" {
  role       = aws_iam_role.predict.name
  policy_arn = "arn:${data.aws_partition.current.partition}:iam::aws:policy/service-role/AWSLambdaSQSQueueExecutionRole"
}

resource "aws_cloudwatch_log_group" "logs" {
  name_prefix       = "${var.name}-"
  retention_in_days = 30
}

# --- HTTP: callers sign with IAM ---
resource "aws_apigatewayv2_api" "api" {
  name          = var.name
  protocol_type = "HTTP"
}

resource "aws_apigatewayv2_integration" "predict" {
  api_id                 = aws_apigatewayv2_api.api.id
  integration_type       = "AWS_PROXY"
  integration_uri        = aws_lambda_function.predict.invoke_arn
  payload_format_version = "2.0"
}

resource "aws_apigatewayv2_route" "default" {
  api_id             = aws_apigatewayv2_api.api.id
  route_key          = "$default"
  authorization_type = "AWS_IAM"
  target             = "integrations/${aws_apigatewayv2_integration.predict.id}"
}

resource "aws_apigatewayv2_stage" "default" {
  api_id      = aws_apigatewayv2_api.api.id
  name        = "$default"
  auto_deploy = true

  default_route_settings {
    throttling_burst_limit = 200
    throttling_rate_limit  = 100
  }
}

resource "aws_lambda_permission" "api" {
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.predict.function_name
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_apigatewayv2_api.api.execution_arn}/*"
}

# --- the queue ---
resource "aws_sqs_queue" "rows" {
  name_prefix               = "${var.name}-"
  message_retention_seconds = 345600
  sqs_managed_sse_enabled   = true
  # Six times the function's, as AWS asks: a batch is not given twice while it is tried.
  visibility_timeout_seconds = 174

  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.dead_rows.arn
    maxReceiveCount     = 5
  })
}

# A message that five tries did not score: 14 days to look at it.
resource "aws_sqs_queue" "dead_rows" {
  name_prefix               = "${var.name}-dead-"
  message_retention_seconds = 1209600
  sqs_managed_sse_enabled   = true
}

resource "aws_lambda_event_source_mapping" "rows" {
  event_source_arn = aws_sqs_queue.rows.arn
  function_name    = aws_lambda_function.predict.arn
  batch_size       = 10
  # What fails is given again, the rest of the batch is done.
  function_response_types = ["ReportBatchItemFailures"]

  # The queue leaves instances to HTTP.
  scaling_config {
    maximum_concurrency = 10
  }
}

# --- alarms ---
resource "aws_cloudwatch_metric_alarm" "alarms" {
  for_each = local.alarms

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = each.value.description
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = each.value.statistic
  period              = 60
  evaluation_periods  = each.value.periods
  threshold           = each.value.threshold
  comparison_operator = each.value.comparison
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarm_topic_arn == "" ? [] : [var.alarm_topic_arn]
}
