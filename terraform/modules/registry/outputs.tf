output "url" {
  description = "What names of images begin with, such as europe-west2-docker.pkg.dev/acme/stockfeed."
  value       = "${var.region}-docker.pkg.dev/${var.project}/${google_artifact_registry_repository.this.repository_id}"
}
