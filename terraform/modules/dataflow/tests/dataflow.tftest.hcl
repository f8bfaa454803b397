mock_provider "google" {}

variables {
  project         = "acme-prod"
  region          = "europe-west2"
  network_id      = "projects/acme-prod/global/networks/stockfeed"
  subnetwork      = "stockfeed-europe-west2"
  operator_member = "serviceAccount:stockfeed-operator@acme-prod.iam.gserviceaccount.com"
  workers_member  = "serviceAccount:stockfeed-workers@acme-prod.iam.gserviceaccount.com"
  workers_email   = "stockfeed-workers@acme-prod.iam.gserviceaccount.com"
}

run "dataflow" {
  assert {
    condition     = length(google_storage_bucket.staging.lifecycle_rule) == 0 && google_storage_bucket.staging.public_access_prevention == "enforced"
    error_message = "A pipeline that runs could be deleted by its age, or be read by everybody."
  }

  assert {
    condition     = google_storage_bucket_iam_member.operator.role == "roles/storage.objectUser" && google_storage_bucket_iam_member.workers.role == "roles/storage.objectUser"
    error_message = "Rights on the bucket are others than to read and write objects."
  }

  assert {
    condition     = output.operator_env.STOCKFEED_WORKER_SUBNETWORK == "regions/europe-west2/subnetworks/stockfeed-europe-west2"
    error_message = "The subnetwork is ${output.operator_env.STOCKFEED_WORKER_SUBNETWORK}."
  }

  assert {
    condition     = output.operator_env.STOCKFEED_WORKER_PUBLIC_IPS == "false"
    error_message = "Workers have external addresses, though nobody asked for them."
  }

  assert {
    condition     = google_compute_firewall.workers.source_tags == toset(["dataflow"]) && google_compute_firewall.workers.target_tags == toset(["dataflow"])
    error_message = "Others than workers reach workers."
  }
}
