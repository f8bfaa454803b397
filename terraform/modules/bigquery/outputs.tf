output "dataset" {
  description = "Name of the dataset, once it has its tables and views."
  value       = google_bigquery_dataset.this.dataset_id
  depends_on  = [google_bigquery_table.tables, google_bigquery_table.views]
}

output "tables" {
  description = "Full names of the tables, PROJECT.DATASET.TABLE, by their short ones."
  value = {
    for name in concat(keys(google_bigquery_table.tables), ["dead_letters"]) : name => "${var.project}.${var.dataset}.${name}"
  }
}

output "views" {
  description = "Queries of the views, by name."
  value       = { for name, view in google_bigquery_table.views : name => view.view[0].query }
}
