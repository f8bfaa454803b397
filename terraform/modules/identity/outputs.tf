output "operator_member" {
  description = "The operator's account as a member of IAM, serviceAccount:EMAIL."
  value       = google_service_account.this["operator"].member
}

output "poller_member" {
  description = "The pollers' account as a member of IAM."
  value       = google_service_account.this["poller"].member
}

output "stream_member" {
  description = "The embedded engines' account as a member of IAM."
  value       = google_service_account.this["stream"].member
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

output "pod_template" {
  description = "spec.podTemplate of feeds: the Kubernetes service accounts of their pollers and of their embedded engines."
  value       = { for component, name in local.feed_service_accounts : component => { serviceAccountName = name } }
}

output "feeds_manifest" {
  description = "Namespaces of feeds, each with the service accounts of pollers and embedded engines, for kubectl apply."
  value = join("---\n", flatten([
    for namespace in sort(var.feed_namespaces) : [
      yamlencode({ apiVersion = "v1", kind = "Namespace", metadata = { name = namespace } }),
      [
        for component, name in local.feed_service_accounts : yamlencode({
          apiVersion = "v1"
          kind       = "ServiceAccount"
          metadata = {
            name        = name
            namespace   = namespace
            annotations = { "iam.gke.io/gcp-service-account" = google_service_account.this[component].email }
          }
        })
      ],
    ]
  ]))
}
