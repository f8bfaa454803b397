output "policies" {
  description = "IDs of the alert policies, by watermark, unread and dead_letters."
  value       = { for key, policy in google_monitoring_alert_policy.this : key => policy.id }
}
