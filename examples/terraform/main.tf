# A function with everything around it that Lambda has. Nothing here knows of Lambic: where the provider
# finds AWS is told by AWS_ENDPOINT_URL, and without that this is applied to AWS itself.

terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}

provider "aws" {}

variable "package" {
  description = "The function's code, as a zip file."
  type        = string
  default     = "function.zip"
}

variable "layer" {
  description = "The layer's content, as a zip file."
  type        = string
  default     = "layer.zip"
}

variable "greeting" {
  type    = string
  default = "hello"
}

variable "memory" {
  description = "In MB."
  type        = number
  default     = 192
}

variable "architecture" {
  description = "Of the function: x86_64 or arm64."
  type        = string
  default     = "x86_64"
}

variable "canary" {
  description = "The version that a quarter of the calls of the alias `canary` get; none at first, for there is just one."
  type        = string
  default     = null
}

data "aws_caller_identity" "here" {}

data "aws_region" "here" {}

data "aws_iam_policy_document" "lambda_assumes" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "function" {
  name               = "greeter"
  description        = "What the function may do"
  assume_role_policy = data.aws_iam_policy_document.lambda_assumes.json
  tags               = { team = "terraform" }
}

resource "aws_iam_role_policy_attachment" "logs" {
  role       = aws_iam_role.function.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
}

resource "aws_lambda_layer_version" "words" {
  layer_name               = "words"
  description              = "Words in several languages"
  filename                 = var.layer
  source_code_hash         = filebase64sha256(var.layer)
  compatible_runtimes      = ["python3.12", "python3.13"]
  compatible_architectures = [var.architecture]
  license_info             = "Apache-2.0"
}

resource "aws_lambda_layer_version_permission" "words" {
  layer_name     = aws_lambda_layer_version.words.layer_name
  version_number = aws_lambda_layer_version.words.version
  statement_id   = "neighbour"
  action         = "lambda:GetLayerVersion"
  principal      = "111111111111"
}

# Says who may sign code, and that other code is only warned of.
resource "aws_lambda_code_signing_config" "warning" {
  description = "Who signs"

  allowed_publishers {
    signing_profile_version_arns = [
      "arn:aws:signer:${data.aws_region.here.region}:${data.aws_caller_identity.here.account_id}:/signing-profiles/team/abcdefghij",
    ]
  }

  policies {
    untrusted_artifact_on_deployment = "Warn"
  }

  tags = { team = "terraform" }
}

resource "aws_lambda_function" "greeter" {
  function_name    = "greeter"
  description      = "Greets whoever calls"
  role             = aws_iam_role.function.arn
  runtime          = "python3.13"
  handler          = "greeter.handler"
  filename         = var.package
  source_code_hash = filebase64sha256(var.package)
  publish          = true
  layers           = [aws_lambda_layer_version.words.arn]
  memory_size      = var.memory
  timeout          = 10
  architectures    = [var.architecture]
  tags             = { team = "terraform", stage = "example" }

  code_signing_config_arn        = aws_lambda_code_signing_config.warning.arn
  reserved_concurrent_executions = 20

  environment {
    variables = { GREETING = var.greeting }
  }

  ephemeral_storage {
    size = 1024
  }

  logging_config {
    log_format            = "JSON"
    application_log_level = "DEBUG"
    system_log_level      = "WARN"
  }

  tracing_config {
    mode = "PassThrough"
  }

  depends_on = [aws_iam_role_policy_attachment.logs]
}

# All calls of it get the newest version.
resource "aws_lambda_alias" "live" {
  name             = "live"
  description      = "What everybody calls"
  function_name    = aws_lambda_function.greeter.function_name
  function_version = aws_lambda_function.greeter.version
}

# A quarter of them may get another one.
resource "aws_lambda_alias" "canary" {
  name             = "canary"
  function_name    = aws_lambda_function.greeter.function_name
  function_version = "1"

  dynamic "routing_config" {
    for_each = var.canary[*]
    content {
      additional_version_weights = { (routing_config.value) = 0.25 }
    }
  }

  depends_on = [aws_lambda_function.greeter]
}

resource "aws_lambda_provisioned_concurrency_config" "live" {
  function_name                     = aws_lambda_alias.live.function_name
  qualifier                         = aws_lambda_alias.live.name
  provisioned_concurrent_executions = 2
}

resource "aws_lambda_permission" "bucket" {
  statement_id   = "bucket"
  action         = "lambda:InvokeFunction"
  function_name  = aws_lambda_function.greeter.function_name
  principal      = "s3.amazonaws.com"
  source_arn     = "arn:aws:s3:::greetings"
  source_account = data.aws_caller_identity.here.account_id
}

resource "aws_lambda_permission" "rule" {
  statement_id  = "rule"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.greeter.function_name
  qualifier     = aws_lambda_alias.live.name
  principal     = "events.amazonaws.com"
  source_arn    = "arn:aws:events:${data.aws_region.here.region}:${data.aws_caller_identity.here.account_id}:rule/morning"
}

resource "aws_lambda_function_url" "open" {
  function_name      = aws_lambda_function.greeter.function_name
  qualifier          = aws_lambda_alias.live.name
  authorization_type = "NONE"
  invoke_mode        = "RESPONSE_STREAM"

  cors {
    allow_credentials = true
    allow_origins     = ["https://example.com"]
    allow_methods     = ["GET", "POST"]
    allow_headers     = ["date", "keep-alive"]
    expose_headers    = ["date"]
    max_age           = 86400
  }
}

resource "aws_lambda_function_url" "signed" {
  function_name      = aws_lambda_function.greeter.function_name
  authorization_type = "AWS_IAM"
}

resource "aws_lambda_event_source_mapping" "queue" {
  event_source_arn                   = "arn:aws:sqs:${data.aws_region.here.region}:${data.aws_caller_identity.here.account_id}:greetings"
  function_name                      = aws_lambda_alias.live.arn
  batch_size                         = 25
  maximum_batching_window_in_seconds = 5
  function_response_types            = ["ReportBatchItemFailures"]
  enabled                            = false
  tags                               = { team = "terraform" }

  filter_criteria {
    filter {
      pattern = jsonencode({ body = { kind = ["greeting"] } })
    }
  }

  scaling_config {
    maximum_concurrency = 10
  }
}

resource "aws_lambda_event_source_mapping" "stream" {
  event_source_arn                   = "arn:aws:kinesis:${data.aws_region.here.region}:${data.aws_caller_identity.here.account_id}:stream/greetings"
  function_name                      = aws_lambda_function.greeter.arn
  starting_position                  = "TRIM_HORIZON"
  batch_size                         = 50
  parallelization_factor             = 2
  bisect_batch_on_function_error     = true
  maximum_retry_attempts             = 3
  maximum_record_age_in_seconds      = 3600
  tumbling_window_in_seconds         = 30
  maximum_batching_window_in_seconds = 1
  enabled                            = false

  destination_config {
    on_failure {
      destination_arn = "arn:aws:sqs:${data.aws_region.here.region}:${data.aws_caller_identity.here.account_id}:failed"
    }
  }
}

resource "aws_lambda_function_event_invoke_config" "latest" {
  function_name                = aws_lambda_function.greeter.function_name
  maximum_event_age_in_seconds = 600
  maximum_retry_attempts       = 1
}

resource "aws_lambda_function_event_invoke_config" "live" {
  function_name          = aws_lambda_function.greeter.function_name
  qualifier              = aws_lambda_alias.live.name
  maximum_retry_attempts = 0

  destination_config {
    on_failure {
      destination = "arn:aws:sqs:${data.aws_region.here.region}:${data.aws_caller_identity.here.account_id}:failed"
    }
  }
}

resource "aws_lambda_runtime_management_config" "greeter" {
  function_name     = aws_lambda_function.greeter.function_name
  update_runtime_on = "FunctionUpdate"
}

resource "aws_lambda_function_recursion_config" "greeter" {
  function_name  = aws_lambda_function.greeter.function_name
  recursive_loop = "Allow"
}

# What was made, read as another configuration would.
data "aws_lambda_function" "live" {
  function_name = "greeter"
  qualifier     = "live"
  depends_on    = [aws_lambda_alias.live]
}

data "aws_lambda_alias" "live" {
  function_name = "greeter"
  name          = "live"
  depends_on    = [aws_lambda_alias.live]
}

output "account" {
  value = data.aws_caller_identity.here.account_id
}

output "function_arn" {
  value = aws_lambda_function.greeter.arn
}

output "version" {
  value = aws_lambda_function.greeter.version
}

output "url" {
  value = aws_lambda_function_url.open.function_url
}

output "live_version" {
  value = data.aws_lambda_alias.live.function_version
}
