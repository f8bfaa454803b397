output "bucket" {
  description = "Name of the bucket of states, for terraform init -backend-config=bucket=…"
  value       = google_storage_bucket.state.name
}
