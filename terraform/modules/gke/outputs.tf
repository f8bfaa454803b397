output "name" {
  description = "Name of the cluster."
  value       = local.cluster.name
}

output "location" {
  description = "Its region."
  value       = local.cluster.location
}

output "endpoint" {
  description = "DNS name of the control plane."
  value       = local.cluster.control_plane_endpoints_config[0].dns_endpoint_config[0].endpoint
}

output "workload_pool" {
  description = "Pool of Workload Identity, PROJECT.svc.id.goog, which is there when the cluster is."
  value       = "${var.project}.svc.id.goog"
  depends_on  = [google_container_cluster.autopilot, google_container_cluster.standard]
}

output "node_member" {
  description = "The nodes' service account as a member of IAM, which pulls images."
  value       = google_service_account.nodes.member
}

output "credentials_command" {
  description = "Makes kubectl speak to the cluster."
  value       = "gcloud container clusters get-credentials ${var.name} --location ${var.region} --project ${var.project} --dns-endpoint"
}
