# Who acts: an account for the operator, one for the Pods of feeds and one for Dataflow's workers, with the roles on the
# project that each needs. Roles on the dataset, the registry and the bucket are with those: see the outputs for the members.
#
# Poller and stream are one account, since a feed's Pods have one Kubernetes service account (podTemplate.serviceAccountName).
# Topics are made by the operator as feeds come, under names of theirs; so rights to them are on the project.

locals {
  roles = {
    operator = concat(
      ["roles/pubsub.editor"], # topics and subscriptions
      var.dataflow ? ["roles/dataflow.developer"] : [],
    )
    feeds = [
      "roles/pubsub.publisher",  # pollers: quotes; engines: dead letters
      "roles/pubsub.subscriber", # engines: quotes, and seeking back
      "roles/bigquery.jobUser",  # engines: the newest row, at a start
    ]
    workers = [
      "roles/dataflow.worker",
      "roles/pubsub.editor", # quotes, rows, and a second subscription, by which Dataflow follows event times
    ]
  }
  accounts = merge(
    {
      operator = "StockFeed: the operator"
      feeds    = "StockFeed: pollers and engines of feeds"
    },
    var.dataflow ? { workers = "StockFeed: Dataflow's workers" } : {},
  )
  grants = merge([
    for account in keys(local.accounts) : { for role in local.roles[account] : "${account}/${role}" => { account = account, role = role } }
  ]...)
}

data "google_project" "this" {
  project_id = var.project
}

resource "google_service_account" "this" {
  for_each = local.accounts

  project      = var.project
  account_id   = "${var.name}-${each.key}"
  display_name = each.value
}

resource "google_project_iam_member" "this" {
  for_each = local.grants

  project = var.project
  role    = each.value.role
  member  = google_service_account.this[each.value.account].member
}

resource "google_service_account_iam_member" "operator" {
  service_account_id = google_service_account.this["operator"].name
  role               = "roles/iam.workloadIdentityUser"
  member             = "serviceAccount:${var.workload_pool}[${var.operator_namespace}/${var.operator_service_account}]"
}

resource "google_service_account_iam_member" "feeds" {
  for_each = var.feed_namespaces

  service_account_id = google_service_account.this["feeds"].name
  role               = "roles/iam.workloadIdentityUser"
  member             = "serviceAccount:${var.workload_pool}[${each.key}/${var.feed_service_account}]"
}

# Launched jobs run as the workers, so who launches has to be let act as them.
resource "google_service_account_iam_member" "operator_as_workers" {
  count = var.dataflow ? 1 : 0

  service_account_id = google_service_account.this["workers"].name
  role               = "roles/iam.serviceAccountUser"
  member             = google_service_account.this["operator"].member
}
