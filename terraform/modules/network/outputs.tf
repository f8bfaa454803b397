output "network" {
  description = "Name of the network."
  value       = google_compute_network.this.name
}

output "network_id" {
  description = "Its full name, projects/…/global/networks/…"
  value       = google_compute_network.this.id
}

output "subnetwork" {
  description = "Name of the subnetwork."
  value       = google_compute_subnetwork.this.name
}

output "subnetwork_id" {
  description = "Its full name, projects/…/regions/…/subnetworks/…"
  value       = google_compute_subnetwork.this.id
}

output "pods_range_name" {
  description = "Name of the subnetwork's range of Pods."
  value       = google_compute_subnetwork.this.secondary_ip_range[0].range_name
}

output "services_range_name" {
  description = "Name of the subnetwork's range of Services."
  value       = google_compute_subnetwork.this.secondary_ip_range[1].range_name
}
