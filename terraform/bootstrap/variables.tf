variable "project" {
  description = "ID of the Google Cloud project."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project))
    error_message = "project is \"${var.project}\", which is no project ID. Take the one that gcloud projects list shows: 6 to 30 small letters, digits and hyphens."
  }
}

variable "location" {
  description = "Where the bucket is: a region or EU, US, ASIA."
  type        = string

  validation {
    condition     = can(regex("^([a-z]+-[a-z]+[0-9]+|EU|US|ASIA)$", var.location))
    error_message = "location is \"${var.location}\". Take a region such as europe-west2, or EU, US or ASIA in capitals."
  }
}

variable "bucket" {
  description = "Name of the bucket of states; PROJECT-terraform unless told."
  type        = string
  default     = null

  validation {
    condition     = var.bucket == null || can(regex("^[a-z0-9][a-z0-9_-]{1,61}[a-z0-9]$", var.bucket))
    error_message = "bucket is \"${coalesce(var.bucket, "null")}\". Take 3 to 63 small letters, digits, hyphens and underscores; the name has to be free in all of Cloud Storage."
  }
}

variable "kept_versions" {
  description = "Old versions of a state that are kept."
  type        = number
  default     = 20

  validation {
    condition     = var.kept_versions >= 1 && floor(var.kept_versions) == var.kept_versions
    error_message = "kept_versions is ${var.kept_versions}. Take a whole number from 1 on: a state that got lost is mended from an old version."
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
