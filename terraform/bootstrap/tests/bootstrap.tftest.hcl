mock_provider "google" {}

variables {
  project  = "acme-prod"
  location = "EU"
}

run "bucket" {
  # A bucket that was made could not be taken away at the test's end.
  command = plan

  assert {
    condition     = google_storage_bucket.state.versioning[0].enabled && google_storage_bucket.state.public_access_prevention == "enforced" && !google_storage_bucket.state.force_destroy
    error_message = "States could get lost, or be read by everybody."
  }

  assert {
    condition     = google_storage_bucket.state.name == "acme-prod-terraform"
    error_message = "The bucket is called ${google_storage_bucket.state.name}."
  }
}
