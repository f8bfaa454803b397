output "bucket" {
  description = "Name of the bucket that pipelines are staged in."
  value       = google_storage_bucket.staging.name
}

output "feed_spec" {
  description = "spec.dataflow of feeds: projectIds, region and tempLocation."
  value = {
    projectIds   = [var.project]
    region       = var.region
    tempLocation = "gs://${google_storage_bucket.staging.name}/tmp"
  }
}

output "operator_env" {
  description = "Variables of the operator's environment, as the chart's env: what jobs run as and where."
  value = {
    STOCKFEED_WORKER_SERVICE_ACCOUNT = var.workers_email
    STOCKFEED_WORKER_SUBNETWORK      = "regions/${var.region}/subnetworks/${var.subnetwork}"
    STOCKFEED_WORKER_PUBLIC_IPS      = tostring(var.public_ips)
  }
}
