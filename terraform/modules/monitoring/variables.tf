variable "project" {
  description = "ID of the Google Cloud project."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project))
    error_message = "project is \"${var.project}\", which is no project ID. Take the one that gcloud projects list shows: 6 to 30 small letters, digits and hyphens."
  }
}

variable "name" {
  description = "Begins what the policies are called."
  type        = string
  default     = "stockfeed"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,17}[a-z0-9]$", var.name))
    error_message = "name is \"${var.name}\". Take 3 to 19 small letters, digits and hyphens that begin with a letter."
  }
}

variable "notification_channels" {
  description = "Who is told, as full names of Cloud Monitoring's notification channels. Without any, incidents are in the console alone."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for channel in var.notification_channels : can(regex("^projects/[^/]+/notificationChannels/[0-9]+$", channel))])
    error_message = "notification_channels are ${jsonencode(var.notification_channels)}. Take names as gcloud beta monitoring channels list shows them: projects/PROJECT/notificationChannels/NUMBER."
  }
}

variable "watermark_age_seconds" {
  description = "How far a Dataflow job may be behind the clock, in seconds; null where no feed has one, or the policy is not wanted."
  type        = number
  default     = 600

  validation {
    condition     = var.watermark_age_seconds == null ? true : var.watermark_age_seconds >= 60 && floor(var.watermark_age_seconds) == var.watermark_age_seconds
    error_message = "watermark_age_seconds is ${coalesce(var.watermark_age_seconds, 0)}. Take whole seconds from 60 on: a window waits for its last slot, and Google measures once a minute."
  }
}

variable "unread_seconds" {
  description = "How long a quote or a row may wait on a subscription, in seconds."
  type        = number
  default     = 600

  validation {
    condition     = var.unread_seconds >= 60 && floor(var.unread_seconds) == var.unread_seconds
    error_message = "unread_seconds is ${var.unread_seconds}. Take whole seconds from 60 on: Google measures once a minute."
  }
}

variable "dead_letters" {
  description = "How many letters may wait in stockfeed-dead-letter."
  type        = number
  default     = 0

  validation {
    condition     = var.dead_letters >= 0 && floor(var.dead_letters) == var.dead_letters
    error_message = "dead_letters is ${var.dead_letters}. Take a whole number from 0 on; the policy fires above it."
  }
}

variable "runbook_url" {
  description = "Where people find the runbooks: the address of your copy of docs/runbooks, before /StockFeedDeadLetters.md."
  type        = string
  default     = "docs/runbooks"

  validation {
    condition     = can(regex("^\\S+$", var.runbook_url))
    error_message = "runbook_url is \"${var.runbook_url}\". Take an address without blanks, such as https://example.com/runbooks."
  }
}

variable "labels" {
  description = "Labels of all that takes some."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for key, value in var.labels : can(regex("^[a-z][a-z0-9_-]{0,62}$", key)) && can(regex("^[a-z0-9_-]{0,63}$", value))])
    error_message = "labels are ${jsonencode(var.labels)}. Keys begin with a small letter; keys and values are of small letters, digits, hyphens and underscores, 63 at most."
  }
}
