output "credentials_command" {
  description = "Makes kubectl and helm speak to the cluster."
  value       = module.gke.credentials_command
}

output "registry" {
  description = "What names of images begin with: push REGISTRY/stockfeed, and for Dataflow REGISTRY/worker."
  value       = module.registry.url
}

output "operator_values" {
  description = "Values of the chart stockfeed-operator, as YAML."
  value = yamlencode({
    image           = { repository = "${module.registry.url}/stockfeed", tag = var.image_tag }
    project         = var.project
    dataset         = module.bigquery.dataset
    allowedProjects = [var.project]
    serviceAccount  = { annotations = module.identity.operator_annotations }
    env = merge({}, [
      for dataflow in module.dataflow : merge(
        { STOCKFEED_WORKER_IMAGE = "${module.registry.url}/worker:${var.image_tag}" },
        dataflow.operator_env,
      )
    ]...)
    monitoring = { podMonitoring = { enabled = true } }
  })
}

output "feeds_manifest" {
  description = "Namespaces of feeds and the service accounts of their pollers and engines, for kubectl apply."
  value       = module.identity.feeds_manifest
}

output "feeds_values" {
  description = "Defaults of the chart stockfeeds, as YAML; a values file of yours has the feeds."
  value = yamlencode({
    defaults = merge(concat(
      [{
        podTemplate = module.identity.pod_template
        pubsub      = { projectId = var.project }
        # The operator has it as its default too; kubectl stockfeed top knows what a feed says alone.
        sink = { bigQuery = { projectId = var.project, dataset = module.bigquery.dataset } }
      }],
      [for dataflow in module.dataflow : { dataflow = dataflow.feed_spec }],
    )...)
  })
}

output "dataset" {
  description = "The BigQuery dataset, PROJECT.DATASET."
  value       = "${var.project}.${module.bigquery.dataset}"
}
