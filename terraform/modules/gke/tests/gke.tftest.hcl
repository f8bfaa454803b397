mock_provider "google" {
  mock_resource "google_container_cluster" {
    defaults = {
      control_plane_endpoints_config = { dns_endpoint_config = { endpoint = "gke-abc.europe-west2.gke.goog" } }
    }
  }
}

variables {
  project             = "acme-prod"
  region              = "europe-west2"
  network_id          = "projects/acme-prod/global/networks/stockfeed"
  subnetwork_id       = "projects/acme-prod/regions/europe-west2/subnetworks/stockfeed"
  pods_range_name     = "pods"
  services_range_name = "services"
}

run "autopilot" {
  assert {
    condition     = google_container_cluster.autopilot[0].enable_autopilot && length(google_container_cluster.standard) == 0 && length(google_container_node_pool.standard) == 0
    error_message = "Unless told the cluster is no Autopilot one, or not alone."
  }

  assert {
    condition     = google_container_cluster.autopilot[0].private_cluster_config[0].enable_private_nodes && !google_container_cluster.autopilot[0].control_plane_endpoints_config[0].ip_endpoints_config[0].enabled
    error_message = "Nodes or the control plane have an address outside."
  }
}

run "standard" {
  variables {
    mode = "standard"
  }

  assert {
    condition     = length(google_container_cluster.autopilot) == 0 && google_container_cluster.standard[0].workload_identity_config[0].workload_pool == output.workload_pool
    error_message = "A standard cluster has no Workload Identity."
  }

  assert {
    condition     = google_container_node_pool.standard[0].node_config[0].workload_metadata_config[0].mode == "GKE_METADATA" && google_container_node_pool.standard[0].node_config[0].service_account == google_service_account.nodes.email
    error_message = "Pods could act as their node, or nodes as the project's default account."
  }

  assert {
    condition     = google_container_cluster.standard[0].private_cluster_config[0].enable_private_nodes && !google_container_cluster.standard[0].control_plane_endpoints_config[0].ip_endpoints_config[0].enabled
    error_message = "Nodes or the control plane have an address outside."
  }
}
