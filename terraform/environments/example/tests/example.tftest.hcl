# What the modules hand to each other and to the charts. The provider is mocked: nothing here has seen Google Cloud.

mock_provider "google" {
  mock_data "google_project" {
    defaults = { number = "123456789012" }
  }
  mock_resource "google_compute_network" {
    defaults = { id = "projects/acme-prod/global/networks/stockfeed" }
  }
  mock_resource "google_compute_subnetwork" {
    defaults = { id = "projects/acme-prod/regions/europe-west2/subnetworks/stockfeed-europe-west2" }
  }
}

# Accounts that a mock makes up are no members of IAM, which is what modules hand to each other.
override_resource {
  target = module.gke.google_service_account.nodes
  values = { member = "serviceAccount:stockfeed-nodes@acme-prod.iam.gserviceaccount.com" }
}

override_resource {
  target = module.identity.google_service_account.this["operator"]
  values = {
    email  = "stockfeed-operator@acme-prod.iam.gserviceaccount.com"
    member = "serviceAccount:stockfeed-operator@acme-prod.iam.gserviceaccount.com"
  }
}

override_resource {
  target = module.identity.google_service_account.this["poller"]
  values = {
    email  = "stockfeed-poller@acme-prod.iam.gserviceaccount.com"
    member = "serviceAccount:stockfeed-poller@acme-prod.iam.gserviceaccount.com"
  }
}

override_resource {
  target = module.identity.google_service_account.this["stream"]
  values = {
    email  = "stockfeed-stream@acme-prod.iam.gserviceaccount.com"
    member = "serviceAccount:stockfeed-stream@acme-prod.iam.gserviceaccount.com"
  }
}

override_resource {
  target = module.identity.google_service_account.this["workers"]
  values = {
    email  = "stockfeed-workers@acme-prod.iam.gserviceaccount.com"
    member = "serviceAccount:stockfeed-workers@acme-prod.iam.gserviceaccount.com"
  }
}

variables {
  project  = "acme-prod"
  region   = "europe-west2"
  location = "europe-west2"
}

run "embedded" {
  assert {
    condition     = yamldecode(output.operator_values).image.repository == "europe-west2-docker.pkg.dev/acme-prod/stockfeed/stockfeed"
    error_message = "The operator's image is not in the registry: ${output.operator_values}"
  }

  assert {
    condition     = yamldecode(output.operator_values).env == {}
    error_message = "Without Dataflow the operator is told of workers: ${output.operator_values}"
  }

  assert {
    condition     = yamldecode(output.feeds_values).defaults.pubsub.projectId == "acme-prod"
    error_message = "Feeds are not told of their topics' project: ${output.feeds_values}"
  }

  assert {
    condition     = yamldecode(output.feeds_values).defaults.sink.bigQuery == { projectId = "acme-prod", dataset = "markets" }
    error_message = "Feeds are not told of their dataset: ${output.feeds_values}"
  }

  assert {
    condition     = yamldecode(output.feeds_values).defaults.podTemplate == { poller = { serviceAccountName = "poller" }, stream = { serviceAccountName = "stream" } }
    error_message = "Feeds' Pods run under other accounts: ${output.feeds_values}"
  }

  assert {
    condition     = output.dataset == "acme-prod.markets"
    error_message = "The dataset is ${output.dataset}."
  }

  assert {
    condition     = !contains(keys(google_project_service.this), "dataflow.googleapis.com") && length(module.dataflow) == 0 && length(module.monitoring) == 0
    error_message = "What nobody asked for is switched on."
  }
}

run "dataflow" {
  variables {
    alerts                = true
    notification_channels = ["projects/acme-prod/notificationChannels/42"]
    dataflow              = true
    cluster_mode          = "standard"
  }

  assert {
    condition     = contains(keys(module.monitoring[0].policies), "watermark") && contains(keys(google_project_service.this), "monitoring.googleapis.com")
    error_message = "Nobody looks at watermarks."
  }

  assert {
    condition     = yamldecode(output.operator_values).env.STOCKFEED_WORKER_IMAGE == "europe-west2-docker.pkg.dev/acme-prod/stockfeed/worker:0.2.0"
    error_message = "The operator is not told of the workers' image: ${output.operator_values}"
  }

  assert {
    condition     = yamldecode(output.operator_values).env.STOCKFEED_WORKER_SUBNETWORK == "regions/europe-west2/subnetworks/stockfeed-europe-west2"
    error_message = "The operator is not told of the workers' subnetwork: ${output.operator_values}"
  }

  assert {
    condition     = yamldecode(output.operator_values).env.STOCKFEED_WORKER_PUBLIC_IPS == "false"
    error_message = "The chart takes texts alone, and workers go without external addresses: ${output.operator_values}"
  }

  assert {
    condition     = yamldecode(output.feeds_values).defaults.dataflow.tempLocation == "gs://acme-prod-stockfeed-dataflow/tmp"
    error_message = "Feeds are not told of the bucket: ${output.feeds_values}"
  }

  assert {
    condition     = contains(keys(google_project_service.this), "dataflow.googleapis.com")
    error_message = "Dataflow's API is not switched on."
  }
}
