mock_provider "google" {}

variables {
  project = "acme-prod"
}

run "all" {
  variables {
    notification_channels = ["projects/acme-prod/notificationChannels/42"]
    runbook_url           = "https://example.com/runbooks/"
  }

  assert {
    condition     = join(" ", keys(google_monitoring_alert_policy.this)) == "dead_letters unread watermark"
    error_message = "There are ${jsonencode(keys(google_monitoring_alert_policy.this))}."
  }

  assert {
    condition     = google_monitoring_alert_policy.this["watermark"].conditions[0].condition_threshold[0].filter == "resource.type = \"dataflow_job\" AND metric.type = \"dataflow.googleapis.com/job/data_watermark_age\" AND resource.labels.job_name = starts_with(\"stockfeed-\")"
    error_message = "The filter is ${google_monitoring_alert_policy.this["watermark"].conditions[0].condition_threshold[0].filter}."
  }

  assert {
    condition     = google_monitoring_alert_policy.this["dead_letters"].conditions[0].condition_threshold[0].threshold_value == 0
    error_message = "One dead letter is not enough."
  }

  assert {
    condition     = alltrue([for policy in google_monitoring_alert_policy.this : join(" ", policy.notification_channels) == "projects/acme-prod/notificationChannels/42"])
    error_message = "Not every policy tells the channels."
  }

  assert {
    condition     = endswith(google_monitoring_alert_policy.this["unread"].documentation[0].content, " https://example.com/runbooks/StockFeedSinkFailing.md")
    error_message = "The runbook is ${google_monitoring_alert_policy.this["unread"].documentation[0].content}."
  }
}

run "without_dataflow" {
  variables {
    watermark_age_seconds = null
    unread_seconds        = 120
  }

  assert {
    condition     = join(" ", keys(google_monitoring_alert_policy.this)) == "dead_letters unread"
    error_message = "There are ${jsonencode(keys(google_monitoring_alert_policy.this))}."
  }

  assert {
    condition     = google_monitoring_alert_policy.this["unread"].conditions[0].condition_threshold[0].threshold_value == 120
    error_message = "Its threshold is ${google_monitoring_alert_policy.this["unread"].conditions[0].condition_threshold[0].threshold_value}."
  }
}
