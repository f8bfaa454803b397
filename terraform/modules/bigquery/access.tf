resource "google_bigquery_dataset_iam_member" "metadata_viewers" {
  for_each = var.metadata_viewers

  project    = var.project
  dataset_id = google_bigquery_dataset.this.dataset_id
  role       = "roles/bigquery.metadataViewer"
  member     = each.value
}

resource "google_bigquery_dataset_iam_member" "editors" {
  for_each = var.editors

  project    = var.project
  dataset_id = google_bigquery_dataset.this.dataset_id
  role       = "roles/bigquery.dataEditor"
  member     = each.value
}

resource "google_bigquery_dataset_iam_member" "readers" {
  for_each = var.readers

  project    = var.project
  dataset_id = google_bigquery_dataset.this.dataset_id
  role       = "roles/bigquery.dataViewer"
  member     = each.value
}

# To query is a job of a project, and a right of its own.
resource "google_project_iam_member" "readers" {
  for_each = var.readers

  project = var.project
  role    = "roles/bigquery.jobUser"
  member  = each.value
}
