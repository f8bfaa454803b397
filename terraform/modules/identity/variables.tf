variable "project" {
  description = "ID of the Google Cloud project."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project))
    error_message = "project is \"${var.project}\", which is no project ID. Take the one that gcloud projects list shows: 6 to 30 small letters, digits and hyphens."
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

variable "workload_pool" {
  description = "Pool of Workload Identity of the cluster, PROJECT.svc.id.goog."
  type        = string

  validation {
    condition     = endswith(var.workload_pool, ".svc.id.goog")
    error_message = "workload_pool is \"${var.workload_pool}\". Take the output workload_pool of the module gke, PROJECT.svc.id.goog."
  }
}

variable "operator_namespace" {
  description = "Namespace that the operator is installed in."
  type        = string
  default     = "stockfeed-system"

  validation {
    condition     = can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", var.operator_namespace))
    error_message = "operator_namespace is \"${var.operator_namespace}\". Take a name as Kubernetes has it: 63 small letters, digits and hyphens at most."
  }
}

variable "operator_service_account" {
  description = "The operator's Kubernetes service account; the chart's is called like the release."
  type        = string
  default     = "stockfeed-operator"

  validation {
    condition     = can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", var.operator_service_account))
    error_message = "operator_service_account is \"${var.operator_service_account}\". Take a name as Kubernetes has it: 63 small letters, digits and hyphens at most."
  }
}

variable "feed_namespaces" {
  description = "Namespaces of feeds. Who may make Pods in one may act as the accounts of pollers and streams."
  type        = set(string)
  default     = ["markets"]

  validation {
    condition     = length(var.feed_namespaces) > 0 && alltrue([for name in var.feed_namespaces : can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", name))])
    error_message = "feed_namespaces are ${jsonencode(var.feed_namespaces)}. Take one at least, each a name as Kubernetes has it: 63 small letters, digits and hyphens at most."
  }
}

variable "poller_service_account" {
  description = "Kubernetes service account of the feeds' pollers in each of those namespaces, as in podTemplate.poller.serviceAccountName."
  type        = string
  default     = "poller"

  validation {
    condition     = can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", var.poller_service_account))
    error_message = "poller_service_account is \"${var.poller_service_account}\". Take a name as Kubernetes has it: 63 small letters, digits and hyphens at most."
  }
}

variable "stream_service_account" {
  description = "Kubernetes service account of the feeds' embedded engines in each of those namespaces, as in podTemplate.stream.serviceAccountName."
  type        = string
  default     = "stream"

  validation {
    condition     = can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", var.stream_service_account))
    error_message = "stream_service_account is \"${var.stream_service_account}\". Take a name as Kubernetes has it: 63 small letters, digits and hyphens at most."
  }

  validation {
    condition     = var.stream_service_account != var.poller_service_account
    error_message = "stream_service_account is \"${var.stream_service_account}\", which the pollers have. Take another name: each acts as an account of its own."
  }
}

variable "dataflow" {
  description = "Whether feeds may run on Dataflow: an account for workers, and the operator's right to launch jobs."
  type        = bool
  default     = false
}
