variable "name" {
  description = "The function's name, and the beginning of every other"
  type        = string
  default     = "smartserve"
}

variable "image_uri" {
  description = "The image in ECR, of this account and region, by tag or digest"
  type        = string

  validation {
    condition     = can(regex("^\\d{12}\\.dkr\\.ecr\\.[a-z0-9-]+\\.amazonaws\\.com(\\.cn)?/.+[:@].+$", var.image_uri))
    error_message = "image_uri must name an image in ECR with its tag or digest."
  }
}

variable "architecture" {
  description = "Of the image: x86_64 or arm64"
  type        = string
  default     = "x86_64"

  validation {
    condition     = contains(["x86_64", "arm64"], var.architecture)
    error_message = "architecture must be x86_64 or arm64."
  }
}

variable "memory_size" {
  description = "MiB, above the bound that `smartserve inspect MODEL` prints; CPU comes with it, one core at 1,769"
  type        = number
  default     = 512

  validation {
    condition     = var.memory_size >= 256 && var.memory_size <= 10240
    error_message = "memory_size must be 256 to 10240."
  }
}

variable "alarm_topic_arn" {
  description = "An SNS topic that the alarms tell; empty, they change their state alone"
  type        = string
  default     = ""
}
