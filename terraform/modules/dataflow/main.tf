# What jobs of feeds with engine: Dataflow need beside their accounts. Nothing here runs or costs anything to speak of;
# the jobs themselves are the operator's.

# Workers read the pipeline whenever one of them starts, for months. So there is no rule here that deletes by age.
resource "google_storage_bucket" "staging" {
  project                     = var.project
  name                        = coalesce(var.bucket, "${var.project}-${var.name}-dataflow")
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = !var.deletion_protection
  labels                      = var.labels

  soft_delete_policy {
    retention_duration_seconds = 0
  }
}

resource "google_storage_bucket_iam_member" "operator" {
  bucket = google_storage_bucket.staging.name
  role   = "roles/storage.objectUser"
  member = var.operator_member
}

resource "google_storage_bucket_iam_member" "workers" {
  bucket = google_storage_bucket.staging.name
  role   = "roles/storage.objectUser"
  member = var.workers_member
}

# Workers of a job hand data to each other. Dataflow gives its machines this tag.
resource "google_compute_firewall" "workers" {
  project     = var.project
  name        = "${var.name}-dataflow-workers"
  network     = var.network_id
  direction   = "INGRESS"
  priority    = 1000
  source_tags = ["dataflow"]
  target_tags = ["dataflow"]

  allow {
    protocol = "tcp"
    ports    = ["12345-12346"]
  }
}
