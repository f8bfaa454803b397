# Who acts: accounts for the operator, for pollers, for streams (the embedded engines) and for Dataflow's workers, with the
# roles on the project that each needs. Roles on the dataset, the registry and the bucket are with those: see the outputs for
# the members.
#
# Topics are made by the operator as feeds come, under names of theirs; so rights to them are on the project, and Pub/Sub knows
# no conditions by a resource's name. A stream, which has only dead letters to publish, may so publish anything there.

locals {
  roles = {
    operator = concat(
      ["roles/pubsub.editor"], # topics and subscriptions
      var.dataflow ? ["roles/dataflow.developer"] : [],
    )
    # What each calls, and the permission that Google's pages name for it. Neither asks for a topic or a subscription
    # (pubsub.topics.get, pubsub.subscriptions.get): roles/pubsub.viewer is not needed.
    poller = [
      "roles/pubsub.publisher", # topics.publish of quotes and dead letters: pubsub.topics.publish
    ]
    stream = [
      # StreamingPull, acknowledge, modifyAckDeadline, and seek to a time: pubsub.subscriptions.consume, for all four. (To
      # seek to a snapshot would need pubsub.snapshots.seek as well; it is in this role too.)
      "roles/pubsub.subscriber",
      "roles/pubsub.publisher", # topics.publish of dead letters: pubsub.topics.publish
      # jobs.query and jobs.getQueryResults of the newest rows, at a start: bigquery.jobs.create. To read the table and
      # tabledata.insertAll (bigquery.tables.getData, .updateData) is roles/bigquery.dataEditor on the dataset.
      "roles/bigquery.jobUser",
    ]
    workers = [
      "roles/dataflow.worker",
      "roles/pubsub.editor", # quotes, rows, and a second subscription, by which Dataflow follows event times
    ]
  }
  accounts = merge(
    {
      operator = "StockFeed: the operator"
      poller   = "StockFeed: pollers of feeds"
      stream   = "StockFeed: embedded engines of feeds"
    },
    var.dataflow ? { workers = "StockFeed: Dataflow's workers" } : {},
  )
  grants = merge([
    for account in keys(local.accounts) : { for role in local.roles[account] : "${account}/${role}" => { account = account, role = role } }
  ]...)

  # Each component's account is lent to a Kubernetes service account of its own, in every namespace of feeds.
  feed_service_accounts = { poller = var.poller_service_account, stream = var.stream_service_account }
  loans = {
    for pair in setproduct(keys(local.feed_service_accounts), var.feed_namespaces) :
    "${pair[1]}/${pair[0]}" => { component = pair[0], namespace = pair[1] }
  }
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
  for_each = local.loans

  service_account_id = google_service_account.this[each.value.component].name
  role               = "roles/iam.workloadIdentityUser"
  member             = "serviceAccount:${var.workload_pool}[${each.value.namespace}/${local.feed_service_accounts[each.value.component]}]"
}

# Launched jobs run as the workers, so who launches has to be let act as them.
resource "google_service_account_iam_member" "operator_as_workers" {
  count = var.dataflow ? 1 : 0

  service_account_id = google_service_account.this["workers"].name
  role               = "roles/iam.serviceAccountUser"
  member             = google_service_account.this["operator"].member
}
