/**
 * The body of `flexTemplates.launch` for a feed's pipeline as Beam YAML, on the template that Google hosts in each region.
 * https://cloud.google.com/dataflow/docs/reference/rest/v1b3/projects.locations.flexTemplates/launch
 *
 * Caveat: this method has no request ID. A repeated launch is refused while a job of the name runs; a repeated update is
 * not, and whoever sends it has to know that it is the first.
 */
import type { JobLaunch } from "../../job-ports.ts";
import type { ApiTemplateLaunch } from "./dataflow-calls.ts";

/** The template to launch. @param yamlUrl `gs://bucket/object` of the pipeline */
export function templateRequest(launch: JobLaunch, yamlUrl: string): ApiTemplateLaunch {
  const { name, region, labels, tempLocation, minWorkers, maxWorkers, replaceJobId } = launch;
  const { serviceAccountEmail, network, subnetwork, machineType, privateIps = false } = launch;
  return {
    jobName: name,
    containerSpecGcsPath: `gs://dataflow-templates-${region}/latest/flex/Yaml_Template`,
    parameters: { yaml_pipeline_file: yamlUrl },
    environment: {
      additionalUserLabels: { ...labels },
      tempLocation,
      stagingLocation: `${tempLocation.replace(/\/+$/, "")}/staging`,
      numWorkers: minWorkers ?? 1,
      maxWorkers,
      enableStreamingEngine: true,
      ...(minWorkers !== undefined && { additionalExperiments: [`min_num_workers=${minWorkers}`] }),
      ...(serviceAccountEmail !== undefined && { serviceAccountEmail }),
      ...(network !== undefined && { network }),
      ...(subnetwork !== undefined && { subnetwork }),
      ...(privateIps && { ipConfiguration: "WORKER_IP_PRIVATE" as const }),
      ...(machineType !== undefined && { machineType }),
    },
    // The job that is updated is found by its name.
    ...(replaceJobId !== undefined && { update: true }),
  };
}
