# What Prometheus does not see: alerts of Cloud Monitoring on Dataflow's watermarks, on what waits in Pub/Sub unread, and on
# dead letters. The operator's chart has the other alerts, of what its own Pods and those of feeds tell.
#
# Names of jobs, topics and subscriptions begin with stockfeed-, whatever the cluster: the policies are for all feeds of the
# project. While a feed is suspended, what it left unread stays so: snooze its subscription in Cloud Monitoring.

locals {
  policies = merge(
    var.watermark_age_seconds == null ? {} : {
      watermark = {
        title     = "a Dataflow job is behind"
        metric    = "dataflow.googleapis.com/job/data_watermark_age"
        resource  = "dataflow_job"
        which     = "resource.labels.job_name = starts_with(\"stockfeed-\")"
        above     = var.watermark_age_seconds
        lasting   = "300s"
        runbook   = "StockFeedWatermarkLag"
        severity  = "WARNING"
        happening = "Windows of a feed close late: its job has not come further than that."
      }
    },
    {
      unread = {
        title     = "quotes or rows wait in Pub/Sub"
        metric    = "pubsub.googleapis.com/subscription/oldest_unacked_message_age"
        resource  = "pubsub_subscription"
        which     = "resource.labels.subscription_id = starts_with(\"stockfeed-\") AND resource.labels.subscription_id != \"stockfeed-dead-letter\""
        above     = var.unread_seconds
        lasting   = "300s"
        runbook   = "StockFeedSinkFailing"
        severity  = "CRITICAL"
        happening = "Nobody takes what is there: an engine or a job is away, or BigQuery takes no rows of a subscription that writes them. They are kept for 7 days."
      }
      dead_letters = {
        title     = "dead letters wait"
        metric    = "pubsub.googleapis.com/subscription/num_undelivered_messages"
        resource  = "pubsub_subscription"
        which     = "resource.labels.subscription_id = \"stockfeed-dead-letter\""
        above     = var.dead_letters
        lasting   = "60s"
        runbook   = "StockFeedDeadLetters"
        severity  = "WARNING"
        happening = "Quotes could not be part of any window; stockfeed deadletter list has them with their reasons. Those of Dataflow's jobs are counted here alone."
      }
    },
  )
}

resource "google_monitoring_alert_policy" "this" {
  for_each = local.policies

  project               = var.project
  display_name          = "${var.name}: ${each.value.title}"
  combiner              = "OR"
  severity              = each.value.severity
  notification_channels = var.notification_channels
  user_labels           = var.labels

  conditions {
    display_name = each.value.title

    condition_threshold {
      filter          = "resource.type = \"${each.value.resource}\" AND metric.type = \"${each.value.metric}\" AND ${each.value.which}"
      comparison      = "COMPARISON_GT"
      threshold_value = each.value.above
      duration        = each.value.lasting

      aggregations {
        alignment_period   = "60s"
        per_series_aligner = "ALIGN_MAX"
      }

      trigger {
        count = 1
      }
    }
  }

  # A job that ended tells nothing any more; the least that Google takes.
  alert_strategy {
    auto_close = "1800s"
  }

  documentation {
    mime_type = "text/markdown"
    content   = "${each.value.happening} What to do: ${trimsuffix(var.runbook_url, "/")}/${each.value.runbook}.md"
  }
}
