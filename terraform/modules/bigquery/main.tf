# The dataset that feeds write to. Columns, partitions and views are files that StockFeed's own code writes (npm run generate):
# they are what the operator holds the tables to, and what the laptop's store has.

locals {
  generated = jsondecode(file("${path.module}/generated/dataset.json"))
  day_ms    = 24 * 60 * 60 * 1000
  retention_days = {
    windows = var.windows_retention_days
    quotes  = var.quotes_retention_days
  }
}

resource "google_bigquery_dataset" "this" {
  project                    = var.project
  dataset_id                 = var.dataset
  location                   = var.location
  description                = "StockFeed: quotes, sliding windows and their views."
  delete_contents_on_destroy = !var.deletion_protection
  labels                     = var.labels
}

resource "google_bigquery_table" "tables" {
  for_each = local.generated.tables

  project             = var.project
  dataset_id          = google_bigquery_dataset.this.dataset_id
  table_id            = each.key
  description         = each.value.description
  schema              = file("${path.module}/generated/${each.key}.json")
  clustering          = each.value.cluster_columns
  deletion_protection = var.deletion_protection
  labels              = var.labels

  time_partitioning {
    type          = "DAY"
    field         = each.value.partition_column
    expiration_ms = local.retention_days[each.key] == null ? null : local.retention_days[each.key] * local.day_ms
  }
}

resource "google_bigquery_table" "views" {
  for_each = local.generated.views

  project             = var.project
  dataset_id          = google_bigquery_dataset.this.dataset_id
  table_id            = each.key
  description         = each.value.description
  deletion_protection = false
  labels              = var.labels

  view {
    query = trimspace(templatefile("${path.module}/generated/${each.key}.sql", {
      (each.value.table) = "`${var.project}.${var.dataset}.${google_bigquery_table.tables[each.value.table].table_id}`"
    }))
    use_legacy_sql = false
  }
}
