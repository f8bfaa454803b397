output "operator_member" {
  description = "The operator's account as a member of IAM, serviceAccount:EMAIL."
  value       = google_service_account.this["operator"].member
}

output "feeds_member" {
  description = "The feeds' account as a member of IAM."
  value       = google_service_account.this["feeds"].member
}

output "workers_member" {
  description = "The workers' account as a member of IAM; null without Dataflow."
  value       = var.dataflow ? google_service_account.this["workers"].member : null
}

output "workers_email" {
  description = "E-mail address of the workers' account; null without Dataflow."
  value       = var.dataflow ? google_service_account.this["workers"].email : null
}

output "pubsub_agent_member" {
  description = "Pub/Sub's own agent of the project as a member of IAM: it writes what BigQuery subscriptions deliver."
  value       = "serviceAccount:service-${data.google_project.this.number}@gcp-sa-pubsub.iam.gserviceaccount.com"
}

output "operator_annotations" {
  description = "Annotations of the operator's Kubernetes service account."
  value       = { "iam.gke.io/gcp-service-account" = google_service_account.this["operator"].email }
}

output "feed_service_account" {
  description = "Kubernetes service account of the feeds' Pods, for podTemplate.serviceAccountName."
  value       = var.feed_service_account
}

output "feeds_manifest" {
  description = "Namespaces of feeds, each with the service account of their Pods, for kubectl apply."
  value = join("---\n", flatten([
    for namespace in sort(var.feed_namespaces) : [
      yamlencode({ apiVersion = "v1", kind = "Namespace", metadata = { name = namespace } }),
      yamlencode({
        apiVersion = "v1"
        kind       = "ServiceAccount"
        metadata = {
          name        = var.feed_service_account
          namespace   = namespace
          annotations = { "iam.gke.io/gcp-service-account" = google_service_account.this["feeds"].email }
        }
      }),
    ]
  ]))
}
