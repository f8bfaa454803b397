# What could not be part of a window, as Pub/Sub writes a message and what it knows of it; a letter may be no text at all. The
# attributes feed, reason and detail say why it is there. `stockfeed deadletter` reads the operator's own subscription, not this.

resource "google_bigquery_table" "dead_letters" {
  project             = var.project
  dataset_id          = google_bigquery_dataset.this.dataset_id
  table_id            = "dead_letters"
  description         = "StockFeed: messages that could not be used, with the reason among their attributes."
  clustering          = ["message_id"]
  deletion_protection = var.deletion_protection
  labels              = var.labels

  schema = jsonencode([
    { name = "subscription_name", type = "STRING", mode = "NULLABLE", description = "The subscription that wrote the row." },
    { name = "message_id", type = "STRING", mode = "NULLABLE", description = "Pub/Sub's ID of the letter." },
    { name = "publish_time", type = "TIMESTAMP", mode = "NULLABLE", description = "When it was put aside." },
    { name = "attributes", type = "JSON", mode = "NULLABLE", description = "feed, reason, detail, received_at and message_id of what came." },
    { name = "data", type = "BYTES", mode = "NULLABLE", description = "The message as it came." },
  ])

  time_partitioning {
    type          = "DAY"
    field         = "publish_time"
    expiration_ms = var.dead_letters_retention_days == null ? null : var.dead_letters_retention_days * local.day_ms
  }
}

resource "google_pubsub_subscription" "dead_letters" {
  count = var.dead_letters_subscribed ? 1 : 0

  project                    = var.project
  name                       = "stockfeed-dead-letter-bigquery"
  topic                      = "projects/${var.project}/topics/stockfeed-dead-letter"
  message_retention_duration = "604800s"
  labels                     = var.labels

  bigquery_config {
    table          = "${var.project}.${var.dataset}.${google_bigquery_table.dead_letters.table_id}"
    write_metadata = true
  }

  expiration_policy {
    ttl = ""
  }

  depends_on = [google_bigquery_dataset_iam_member.editors]
}
