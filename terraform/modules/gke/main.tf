# A private cluster: nodes have no address outside, and the control plane none at all. kubectl reaches it by its DNS name,
# through IAM (container.clusters.connect). autopilot.tf and standard.tf have a kind each, of which mode makes one.

locals {
  cluster = one(concat(google_container_cluster.autopilot, google_container_cluster.standard))

  # Google keeps the cluster up to date on Saturdays and Sundays, when exchanges are closed. It wants 48 hours in 32 days.
  maintenance = {
    start_time = "2026-01-03T04:00:00Z"
    end_time   = "2026-01-03T12:00:00Z"
    recurrence = "FREQ=WEEKLY;BYDAY=SA,SU"
  }
}

# Nodes run as an account that may write logs and metrics and nothing else; Pods have accounts of their own.
resource "google_service_account" "nodes" {
  project      = var.project
  account_id   = "${var.name}-nodes"
  display_name = "StockFeed: nodes of the cluster ${var.name}"
}

resource "google_project_iam_member" "nodes" {
  project = var.project
  role    = "roles/container.defaultNodeServiceAccount"
  member  = google_service_account.nodes.member
}
