variable "project" {
  description = "ID of the Google Cloud project."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project))
    error_message = "project is \"${var.project}\", which is no project ID. Take the one that gcloud projects list shows: 6 to 30 small letters, digits and hyphens."
  }
}

variable "dataset" {
  description = "Name of the dataset, as feeds have it in spec.sink.bigQuery.dataset."
  type        = string
  default     = "markets"

  validation {
    condition     = can(regex("^[A-Za-z0-9_]+$", var.dataset)) && length(var.dataset) <= 1024
    error_message = "dataset is \"${var.dataset}\". Take up to 1024 letters, digits and underscores: BigQuery takes no hyphen there."
  }
}

variable "location" {
  description = "Where the data is kept: a region or EU or US. It can't be changed later."
  type        = string

  validation {
    condition     = can(regex("^([a-z]+-[a-z]+[0-9]+|EU|US)$", var.location))
    error_message = "location is \"${var.location}\". Take a region such as europe-west2, or EU or US in capitals."
  }
}

variable "windows_retention_days" {
  description = "Days that rows of windows are kept; null for ever. A restarted engine looks for its newest row, and Pub/Sub keeps quotes for 7 days."
  type        = number
  default     = null

  validation {
    condition     = var.windows_retention_days == null ? true : var.windows_retention_days >= 8 && floor(var.windows_retention_days) == var.windows_retention_days
    error_message = "windows_retention_days is ${var.windows_retention_days == null ? "null" : var.windows_retention_days}. Take a whole number of days from 8 on, or null to keep them for ever."
  }
}

variable "quotes_retention_days" {
  description = "Days that raw quotes are kept; null for ever."
  type        = number
  default     = 400

  validation {
    condition     = var.quotes_retention_days == null ? true : var.quotes_retention_days >= 1 && floor(var.quotes_retention_days) == var.quotes_retention_days
    error_message = "quotes_retention_days is ${var.quotes_retention_days == null ? "null" : var.quotes_retention_days}. Take a whole number of days from 1 on, or null to keep them for ever."
  }
}

variable "dead_letters_retention_days" {
  description = "Days that dead letters are kept; null for ever."
  type        = number
  default     = 90

  validation {
    condition     = var.dead_letters_retention_days == null ? true : var.dead_letters_retention_days >= 1 && floor(var.dead_letters_retention_days) == var.dead_letters_retention_days
    error_message = "dead_letters_retention_days is ${var.dead_letters_retention_days == null ? "null" : var.dead_letters_retention_days}. Take a whole number of days from 1 on, or null to keep them for ever."
  }
}

variable "metadata_viewers" {
  description = "Members of IAM that look whether the tables are as they have to be (the operator), by a word for each."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for member in values(var.metadata_viewers) : can(regex("^((user|group|serviceAccount|domain):[^\\s:]+|principal(Set)?://\\S+)$", member))])
    error_message = "metadata_viewers are ${jsonencode(var.metadata_viewers)}. Take members as IAM has them: user:, group:, serviceAccount: or domain: and an address, or principal://… of a pool of identities."
  }
}

variable "editors" {
  description = "Members of IAM that write rows (embedded engines, Pub/Sub's agent), by a word for each."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for member in values(var.editors) : can(regex("^((user|group|serviceAccount|domain):[^\\s:]+|principal(Set)?://\\S+)$", member))])
    error_message = "editors are ${jsonencode(var.editors)}. Take members as IAM has them: user:, group:, serviceAccount: or domain: and an address, or principal://… of a pool of identities."
  }
}

variable "readers" {
  description = "Members of IAM that query (people, Grafana), by a word for each."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for member in values(var.readers) : can(regex("^((user|group|serviceAccount|domain):[^\\s:]+|principal(Set)?://\\S+)$", member))])
    error_message = "readers are ${jsonencode(var.readers)}. Take members as IAM has them: user:, group:, serviceAccount: or domain: and an address, or principal://… of a pool of identities."
  }
}

variable "dead_letters_subscribed" {
  description = "Whether Pub/Sub writes dead letters to the table dead_letters. The topic is the operator's, which makes it with the first feed: set this afterwards."
  type        = bool
  default     = false
}

variable "deletion_protection" {
  description = "Whether Terraform refuses to delete tables and what is in them."
  type        = bool
  default     = true
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

