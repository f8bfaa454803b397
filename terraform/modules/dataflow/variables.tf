variable "project" {
  description = "ID of the Google Cloud project."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project))
    error_message = "project is \"${var.project}\", which is no project ID. Take the one that gcloud projects list shows: 6 to 30 small letters, digits and hyphens."
  }
}

variable "region" {
  description = "Region, such as europe-west2."
  type        = string

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "region is \"${var.region}\", which is no region. Take one that gcloud compute regions list shows, such as europe-west2, and no zone."
  }
}

variable "name" {
  description = "Begins the names of all that is made."
  type        = string
  default     = "stockfeed"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,17}[a-z0-9]$", var.name))
    error_message = "name is \"${var.name}\". Take 3 to 19 small letters, digits and hyphens that begin with a letter: names of service accounts are made of it, which have 30 at most."
  }
}

variable "bucket" {
  description = "Name of the bucket that pipelines are staged in; PROJECT-NAME-dataflow unless told."
  type        = string
  default     = null

  validation {
    condition     = var.bucket == null || can(regex("^[a-z0-9][a-z0-9_-]{1,61}[a-z0-9]$", var.bucket))
    error_message = "bucket is \"${coalesce(var.bucket, "null")}\". Take 3 to 63 small letters, digits, hyphens and underscores; the name has to be free in all of Cloud Storage."
  }
}

variable "network_id" {
  description = "Full name of the network of the workers."
  type        = string

  validation {
    condition     = can(regex("(^|/)projects/[^/]+/global/networks/[a-z]([a-z0-9-]{0,61}[a-z0-9])?$", var.network_id))
    error_message = "network_id is \"${var.network_id}\". Take the output network_id of the module network, projects/PROJECT/global/networks/NAME."
  }
}

variable "subnetwork" {
  description = "Name of the workers' subnetwork; it has Private Google Access."
  type        = string

  validation {
    condition     = can(regex("^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$", var.subnetwork))
    error_message = "subnetwork is \"${var.subnetwork}\". Take the name alone, the output subnetwork of the module network: what it is in is the region that jobs run in."
  }
}

variable "public_ips" {
  description = "Whether workers have external addresses. Without, the subnetwork's Private Google Access and NAT are their way out."
  type        = bool
  default     = false
}

variable "operator_member" {
  description = "The operator's account as a member of IAM: it stages pipelines."
  type        = string

  validation {
    condition     = can(regex("^serviceAccount:[^\\s:@]+@\\S+$", var.operator_member))
    error_message = "operator_member is \"${var.operator_member}\". Take an account as IAM has it, serviceAccount: and its e-mail address: an output of the module identity."
  }
}

variable "workers_member" {
  description = "The workers' account as a member of IAM: they read them."
  type        = string

  validation {
    condition     = can(regex("^serviceAccount:[^\\s:@]+@\\S+$", var.workers_member))
    error_message = "workers_member is \"${var.workers_member}\". Take an account as IAM has it, serviceAccount: and its e-mail address: an output of the module identity."
  }
}

variable "workers_email" {
  description = "E-mail address of the workers' account."
  type        = string

  validation {
    condition     = can(regex("^[^\\s:@]+@[^\\s:@]+$", var.workers_email))
    error_message = "workers_email is \"${var.workers_email}\". Take the account's address alone, without serviceAccount: before it."
  }
}

variable "deletion_protection" {
  description = "Whether Terraform refuses to delete the bucket while something is in it."
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

