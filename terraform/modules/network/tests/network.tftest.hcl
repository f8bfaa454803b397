mock_provider "google" {}

variables {
  project = "acme-prod"
  region  = "europe-west2"
}

run "network" {
  assert {
    condition     = google_compute_subnetwork.this.private_ip_google_access && !google_compute_network.this.auto_create_subnetworks
    error_message = "What has no address outside could not reach Google's APIs, or there are subnetworks in every region."
  }

  assert {
    condition     = output.pods_range_name == "pods" && output.services_range_name == "services"
    error_message = "The ranges are called ${output.pods_range_name} and ${output.services_range_name}."
  }

  assert {
    condition     = one(google_compute_router_nat.this.subnetwork).source_ip_ranges_to_nat == toset(["ALL_IP_RANGES"])
    error_message = "Pods could not reach providers of quotes."
  }

  assert {
    condition     = google_compute_firewall.deny_ingress.direction == "INGRESS" && one(google_compute_firewall.deny_ingress.deny).protocol == "all"
    error_message = "Something comes in."
  }
}
