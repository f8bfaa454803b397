# One cluster, one dataset and who may do what: all that feeds need of a Google Cloud project, but their topics, which the
# operator makes. Copy this directory and change it.

locals {
  services = toset(concat(
    [
      "artifactregistry.googleapis.com",
      "bigquery.googleapis.com",
      "cloudresourcemanager.googleapis.com",
      "compute.googleapis.com",
      "container.googleapis.com",
      "iam.googleapis.com",
      "pubsub.googleapis.com",
    ],
    var.dataflow ? ["dataflow.googleapis.com", "storage.googleapis.com"] : [],
    var.alerts ? ["monitoring.googleapis.com"] : [],
  ))
}

resource "google_project_service" "this" {
  for_each = local.services

  project            = var.project
  service            = each.key
  disable_on_destroy = false
}

module "network" {
  source = "../../modules/network"

  project = var.project
  region  = var.region
  name    = var.name

  depends_on = [google_project_service.this]
}

module "gke" {
  source = "../../modules/gke"

  project             = var.project
  region              = var.region
  name                = var.name
  labels              = var.labels
  mode                = var.cluster_mode
  network_id          = module.network.network_id
  subnetwork_id       = module.network.subnetwork_id
  pods_range_name     = module.network.pods_range_name
  services_range_name = module.network.services_range_name
  deletion_protection = var.deletion_protection

  depends_on = [google_project_service.this]
}

module "identity" {
  source = "../../modules/identity"

  project         = var.project
  name            = var.name
  workload_pool   = module.gke.workload_pool
  feed_namespaces = var.feed_namespaces
  dataflow        = var.dataflow

  depends_on = [google_project_service.this]
}

module "registry" {
  source = "../../modules/registry"

  project = var.project
  region  = var.region
  name    = var.name
  labels  = var.labels
  readers = merge(
    { nodes = module.gke.node_member },
    var.dataflow ? { workers = module.identity.workers_member } : {},
  )

  depends_on = [google_project_service.this]
}

module "bigquery" {
  source = "../../modules/bigquery"

  project                 = var.project
  dataset                 = var.dataset
  location                = var.location
  labels                  = var.labels
  metadata_viewers        = { operator = module.identity.operator_member }
  editors                 = { stream = module.identity.stream_member, pubsub = module.identity.pubsub_agent_member }
  readers                 = var.readers
  dead_letters_subscribed = var.dead_letters_subscribed
  deletion_protection     = var.deletion_protection

  depends_on = [google_project_service.this]
}

module "dataflow" {
  source = "../../modules/dataflow"
  count  = var.dataflow ? 1 : 0

  project             = var.project
  region              = var.region
  name                = var.name
  labels              = var.labels
  network_id          = module.network.network_id
  subnetwork          = module.network.subnetwork
  operator_member     = module.identity.operator_member
  workers_member      = module.identity.workers_member
  workers_email       = module.identity.workers_email
  deletion_protection = var.deletion_protection

  depends_on = [google_project_service.this]
}

module "monitoring" {
  source = "../../modules/monitoring"
  count  = var.alerts ? 1 : 0

  project               = var.project
  name                  = var.name
  labels                = var.labels
  notification_channels = var.notification_channels
  watermark_age_seconds = var.dataflow ? 600 : null

  depends_on = [google_project_service.this]
}
