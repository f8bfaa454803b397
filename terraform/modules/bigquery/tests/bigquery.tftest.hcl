mock_provider "google" {}

variables {
  project  = "acme-prod"
  location = "EU"
  editors  = { stream = "serviceAccount:stream@acme-prod.iam.gserviceaccount.com" }
}

run "tables" {
  assert {
    condition     = google_bigquery_table.tables["windows"].time_partitioning[0].field == "window_end" && google_bigquery_table.tables["quotes"].time_partitioning[0].field == "observed_at"
    error_message = "Tables are not partitioned by the day of their rows."
  }

  assert {
    condition     = alltrue([for table in google_bigquery_table.tables : table.clustering == tolist(["feed", "symbol"])])
    error_message = "Tables are not clustered by feed and symbol."
  }

  assert {
    condition     = google_bigquery_table.tables["quotes"].time_partitioning[0].expiration_ms == 34560000000
    error_message = "Raw quotes are not kept for 400 days."
  }

  assert {
    condition     = alltrue([for view in google_bigquery_table.views : !view.view[0].use_legacy_sql && strcontains(view.view[0].query, "FROM `acme-prod.markets.")])
    error_message = "A view does not read this dataset's tables."
  }

  assert {
    condition     = alltrue([for query in values(output.views) : !strcontains(query, "$${")])
    error_message = "A view's query still has a variable in it."
  }

  assert {
    condition     = google_bigquery_dataset.this.delete_contents_on_destroy == false && length(google_pubsub_subscription.dead_letters) == 0
    error_message = "What is protected unless told is not."
  }
}

run "dead_letters" {
  variables {
    dead_letters_subscribed = true
  }

  assert {
    condition     = google_pubsub_subscription.dead_letters[0].topic == "projects/acme-prod/topics/stockfeed-dead-letter" && google_pubsub_subscription.dead_letters[0].bigquery_config[0].table == "acme-prod.markets.dead_letters"
    error_message = "Dead letters don't go from the operator's topic to the table."
  }
}
