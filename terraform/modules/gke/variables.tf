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

variable "labels" {
  description = "Labels of all that takes some."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for key, value in var.labels : can(regex("^[a-z][a-z0-9_-]{0,62}$", key)) && can(regex("^[a-z0-9_-]{0,63}$", value))])
    error_message = "labels are ${jsonencode(var.labels)}. Keys begin with a small letter; keys and values are of small letters, digits, hyphens and underscores, 63 at most."
  }
}

variable "mode" {
  description = "autopilot (Google keeps the nodes, Pods are paid) or standard (nodes are paid)."
  type        = string
  default     = "autopilot"

  validation {
    condition     = contains(["autopilot", "standard"], var.mode)
    error_message = "mode is \"${var.mode}\". Take autopilot or standard."
  }
}

variable "network_id" {
  description = "Full name of the network."
  type        = string

  validation {
    condition     = can(regex("(^|/)projects/[^/]+/global/networks/[a-z]([a-z0-9-]{0,61}[a-z0-9])?$", var.network_id))
    error_message = "network_id is \"${var.network_id}\". Take the output network_id of the module network, projects/PROJECT/global/networks/NAME."
  }
}

variable "subnetwork_id" {
  description = "Full name of the subnetwork."
  type        = string

  validation {
    condition     = can(regex("(^|/)projects/[^/]+/regions/[^/]+/subnetworks/[a-z]([a-z0-9-]{0,61}[a-z0-9])?$", var.subnetwork_id))
    error_message = "subnetwork_id is \"${var.subnetwork_id}\". Take the output subnetwork_id of the module network, projects/PROJECT/regions/REGION/subnetworks/NAME."
  }
}

variable "pods_range_name" {
  description = "Name of the subnetwork's range of Pods."
  type        = string

  validation {
    condition     = can(regex("^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$", var.pods_range_name))
    error_message = "pods_range_name is \"${var.pods_range_name}\". Take the name of one of the subnetwork's secondary ranges: the module network has it as an output."
  }
}

variable "services_range_name" {
  description = "Name of the subnetwork's range of Services."
  type        = string

  validation {
    condition     = can(regex("^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$", var.services_range_name))
    error_message = "services_range_name is \"${var.services_range_name}\". Take the name of one of the subnetwork's secondary ranges: the module network has it as an output."
  }
}

variable "release_channel" {
  description = "How new Kubernetes is: RAPID, REGULAR or STABLE."
  type        = string
  default     = "REGULAR"

  validation {
    condition     = contains(["RAPID", "REGULAR", "STABLE"], var.release_channel)
    error_message = "release_channel is \"${var.release_channel}\". Take RAPID, REGULAR or STABLE."
  }
}

variable "machine_type" {
  description = "Machines of a standard cluster's nodes."
  type        = string
  default     = "e2-standard-2"

  validation {
    condition     = can(regex("^[a-z0-9]+(-[a-z0-9]+)+$", var.machine_type))
    error_message = "machine_type is \"${var.machine_type}\". Take one that gcloud compute machine-types list shows, such as e2-standard-2."
  }
}

variable "max_nodes" {
  description = "Most nodes of a standard cluster, over all zones."
  type        = number
  default     = 6

  validation {
    condition     = var.max_nodes >= 1 && floor(var.max_nodes) == var.max_nodes
    error_message = "max_nodes is ${var.max_nodes}. Take a whole number from 1 on."
  }
}

variable "deletion_protection" {
  description = "Whether Terraform refuses to delete the cluster."
  type        = bool
  default     = true
}
