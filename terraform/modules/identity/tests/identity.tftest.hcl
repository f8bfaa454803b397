# Who may do what. The roles are written out: one more has to be put here too, and be looked at.

mock_provider "google" {
  mock_data "google_project" {
    defaults = { number = "123456789012" }
  }
}

variables {
  project         = "acme-prod"
  workload_pool   = "acme-prod.svc.id.goog"
  feed_namespaces = ["markets", "research"]
}

run "embedded" {
  assert {
    condition = toset(keys(google_project_iam_member.this)) == toset([
      "operator/roles/pubsub.editor",
      "feeds/roles/pubsub.publisher",
      "feeds/roles/pubsub.subscriber",
      "feeds/roles/bigquery.jobUser",
    ])
    error_message = "Roles on the project are ${jsonencode(keys(google_project_iam_member.this))}."
  }

  assert {
    condition     = google_service_account_iam_member.operator.member == "serviceAccount:acme-prod.svc.id.goog[stockfeed-system/stockfeed-operator]"
    error_message = "The operator's account is lent to ${google_service_account_iam_member.operator.member}."
  }

  assert {
    condition = toset([for lent in google_service_account_iam_member.feeds : lent.member]) == toset([
      "serviceAccount:acme-prod.svc.id.goog[markets/feeds]",
      "serviceAccount:acme-prod.svc.id.goog[research/feeds]",
    ])
    error_message = "The feeds' account is lent to others than the feeds' namespaces."
  }

  assert {
    condition     = output.pubsub_agent_member == "serviceAccount:service-123456789012@gcp-sa-pubsub.iam.gserviceaccount.com"
    error_message = "Pub/Sub's agent is ${output.pubsub_agent_member}."
  }

  assert {
    condition     = output.workers_email == null && !contains(keys(google_service_account.this), "workers")
    error_message = "Without Dataflow there is an account of workers."
  }
}

run "dataflow" {
  variables {
    dataflow = true
  }

  assert {
    condition = toset(keys(google_project_iam_member.this)) == toset([
      "operator/roles/pubsub.editor",
      "operator/roles/dataflow.developer",
      "feeds/roles/pubsub.publisher",
      "feeds/roles/pubsub.subscriber",
      "feeds/roles/bigquery.jobUser",
      "workers/roles/dataflow.worker",
      "workers/roles/pubsub.editor",
    ])
    error_message = "Roles on the project are ${jsonencode(keys(google_project_iam_member.this))}."
  }

  assert {
    condition     = google_service_account_iam_member.operator_as_workers[0].role == "roles/iam.serviceAccountUser"
    error_message = "The operator may not launch jobs that run as the workers."
  }
}
