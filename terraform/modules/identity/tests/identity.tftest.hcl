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
      "poller/roles/pubsub.publisher",
      "stream/roles/pubsub.subscriber",
      "stream/roles/pubsub.publisher",
      "stream/roles/bigquery.jobUser",
    ])
    error_message = "Roles on the project are ${jsonencode(keys(google_project_iam_member.this))}."
  }

  assert {
    condition     = google_service_account_iam_member.operator.member == "serviceAccount:acme-prod.svc.id.goog[stockfeed-system/stockfeed-operator]"
    error_message = "The operator's account is lent to ${google_service_account_iam_member.operator.member}."
  }

  assert {
    condition = {
      for component in ["poller", "stream"] : component => toset([
        for lent in google_service_account_iam_member.feeds : lent.member
        if lent.service_account_id == google_service_account.this[component].name
      ])
      } == {
      poller = toset(["serviceAccount:acme-prod.svc.id.goog[markets/poller]", "serviceAccount:acme-prod.svc.id.goog[research/poller]"])
      stream = toset(["serviceAccount:acme-prod.svc.id.goog[markets/stream]", "serviceAccount:acme-prod.svc.id.goog[research/stream]"])
    }
    error_message = "The accounts of pollers and streams are lent to others than theirs: ${jsonencode(values(google_service_account_iam_member.feeds)[*].member)}"
  }

  assert {
    condition     = length(google_service_account_iam_member.feeds) == 4
    error_message = "An account is lent to somebody else."
  }

  assert {
    condition = {
      for document in [for text in split("---\n", output.feeds_manifest) : yamldecode(text)] :
      "${document.metadata.namespace}/${document.metadata.name}" => document.metadata.annotations["iam.gke.io/gcp-service-account"]
      if document.kind == "ServiceAccount"
      } == {
      "markets/poller"  = google_service_account.this["poller"].email
      "markets/stream"  = google_service_account.this["stream"].email
      "research/poller" = google_service_account.this["poller"].email
      "research/stream" = google_service_account.this["stream"].email
    }
    error_message = "Kubernetes service accounts act as others than theirs: ${output.feeds_manifest}"
  }

  assert {
    condition     = output.pod_template == { poller = { serviceAccountName = "poller" }, stream = { serviceAccountName = "stream" } }
    error_message = "Feeds are told of other accounts: ${jsonencode(output.pod_template)}"
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
      "poller/roles/pubsub.publisher",
      "stream/roles/pubsub.subscriber",
      "stream/roles/pubsub.publisher",
      "stream/roles/bigquery.jobUser",
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

run "one_account_for_both" {
  command = plan

  variables {
    poller_service_account = "feeds"
    stream_service_account = "feeds"
  }

  expect_failures = [var.stream_service_account]
}
