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

variable "location" {
  description = "Where BigQuery keeps the data: a region or EU or US. It can't be changed later."
  type        = string
  default     = "EU"

  validation {
    condition     = can(regex("^([a-z]+-[a-z]+[0-9]+|EU|US)$", var.location))
    error_message = "location is \"${var.location}\". Take a region such as europe-west2, or EU or US in capitals."
  }
}

variable "dataset" {
  description = "Name of the BigQuery dataset."
  type        = string
  default     = "markets"

  validation {
    condition     = can(regex("^[A-Za-z0-9_]+$", var.dataset)) && length(var.dataset) <= 1024
    error_message = "dataset is \"${var.dataset}\". Take up to 1024 letters, digits and underscores: BigQuery takes no hyphen there."
  }
}

variable "cluster_mode" {
  description = "autopilot or standard: see modules/gke."
  type        = string
  default     = "autopilot"

  validation {
    condition     = contains(["autopilot", "standard"], var.cluster_mode)
    error_message = "cluster_mode is \"${var.cluster_mode}\". Take autopilot or standard."
  }
}

variable "feed_namespaces" {
  description = "Namespaces of feeds."
  type        = set(string)
  default     = ["markets"]

  validation {
    condition     = length(var.feed_namespaces) > 0 && alltrue([for name in var.feed_namespaces : can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", name))])
    error_message = "feed_namespaces are ${jsonencode(var.feed_namespaces)}. Take one at least, each a name as Kubernetes has it: 63 small letters, digits and hyphens at most."
  }
}

variable "readers" {
  description = "Who may query the rows, as members of IAM by a word for each, such as { analysts = \"group:analysts@example.com\" }."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for member in values(var.readers) : can(regex("^((user|group|serviceAccount|domain):[^\\s:]+|principal(Set)?://\\S+)$", member))])
    error_message = "readers are ${jsonencode(var.readers)}. Take members as IAM has them: user:, group:, serviceAccount: or domain: and an address, or principal://… of a pool of identities."
  }
}

variable "image_tag" {
  description = "Tag of the images stockfeed and worker in the registry."
  type        = string
  default     = "0.2.0"

  validation {
    condition     = can(regex("^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$", var.image_tag))
    error_message = "image_tag is \"${var.image_tag}\". Take the tag that the image was pushed with, such as 0.2.0."
  }
}

variable "dataflow" {
  description = "Whether feeds may have engine: Dataflow. It makes accounts, rights and a bucket; jobs begin with such a feed."
  type        = bool
  default     = false
}

variable "dead_letters_subscribed" {
  description = "Whether dead letters are written to the table dead_letters; set it after the first feed, with which their topic comes."
  type        = bool
  default     = false
}

variable "alerts" {
  description = "Whether Cloud Monitoring alerts of jobs that are behind, of what waits in Pub/Sub and of dead letters; set it after the first feed, with which what it looks at comes."
  type        = bool
  default     = false
}

variable "notification_channels" {
  description = "Whom these alerts tell, as full names of Cloud Monitoring's notification channels."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for channel in var.notification_channels : can(regex("^projects/[^/]+/notificationChannels/[0-9]+$", channel))])
    error_message = "notification_channels are ${jsonencode(var.notification_channels)}. Take names as gcloud beta monitoring channels list shows them: projects/PROJECT/notificationChannels/NUMBER."
  }
}

variable "deletion_protection" {
  description = "Whether Terraform refuses to delete the cluster, the tables and the bucket of Dataflow. Apply with false before a destroy."
  type        = bool
  default     = true
}
