"""Submits a pipeline to a Dataflow endpoint by the Python SDK's own runner.

Usage: submit_to_dataflow.py PIPELINE [pipeline options]; the job's ID is printed. PIPELINE is a serialised pipeline, or
Beam YAML where its name ends so.
"""

import sys

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.portability.api import beam_runner_api_pb2
from apache_beam.runners.dataflow.dataflow_runner import DataflowRunner


def main() -> None:
    path, *flags = sys.argv[1:]
    with open(path, "rb") as file:
        content = file.read()
    options = PipelineOptions(flags)
    if path.endswith(".yaml"):
        from apache_beam.yaml import yaml_transform

        # Without the runner's options, which the pipeline would hold against Google's own addresses.
        pipeline = beam.Pipeline(options=PipelineOptions(["--streaming", "--pickle_library=cloudpickle"]))
        yaml_transform.expand_pipeline(pipeline, content.decode())
        result = DataflowRunner().run_pipeline(pipeline, options)
    else:
        proto = beam_runner_api_pb2.Pipeline.FromString(content)
        result = DataflowRunner().run_pipeline(None, options, pipeline_proto=proto)
    print(result.job_id())


if __name__ == "__main__":
    main()
