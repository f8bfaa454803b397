mock_provider "google" {}

variables {
  project = "acme-prod"
  region  = "europe-west2"
  readers = { nodes = "serviceAccount:nodes@acme-prod.iam.gserviceaccount.com" }
}

run "registry" {
  assert {
    condition     = output.url == "europe-west2-docker.pkg.dev/acme-prod/stockfeed"
    error_message = "Images are at ${output.url}."
  }

  assert {
    condition     = google_artifact_registry_repository_iam_member.readers["nodes"].role == "roles/artifactregistry.reader"
    error_message = "Nodes may do something else than pull."
  }

  assert {
    condition     = alltrue([for policy in google_artifact_registry_repository.this.cleanup_policies : policy.action == "DELETE" ? policy.condition[0].tag_state == "UNTAGGED" : true])
    error_message = "An image that has a tag could be deleted under a cluster that runs it."
  }
}
