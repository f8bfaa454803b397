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

variable "nodes_range" {
  description = "Addresses of nodes and Dataflow workers."
  type        = string
  default     = "10.0.0.0/20"

  validation {
    condition     = can(cidrnetmask(var.nodes_range)) && try(tonumber(split("/", var.nodes_range)[1]) <= 26, false)
    error_message = "nodes_range is \"${var.nodes_range}\". Take a range of IPv4 addresses such as 10.0.0.0/20, with a prefix of /26 or shorter."
  }
}

variable "pods_range" {
  description = "Addresses of Pods; each node takes 64 to 256 of them."
  type        = string
  default     = "10.4.0.0/16"

  validation {
    condition     = can(cidrnetmask(var.pods_range)) && try(tonumber(split("/", var.pods_range)[1]) <= 21, false)
    error_message = "pods_range is \"${var.pods_range}\". Take a range of IPv4 addresses such as 10.4.0.0/16, with a prefix of /21 or shorter."
  }
}

variable "services_range" {
  description = "Addresses of Services."
  type        = string
  default     = "10.8.0.0/20"

  validation {
    condition     = can(cidrnetmask(var.services_range)) && try(tonumber(split("/", var.services_range)[1]) <= 27, false)
    error_message = "services_range is \"${var.services_range}\". Take a range of IPv4 addresses such as 10.8.0.0/20, with a prefix of /27 or shorter."
  }
}
