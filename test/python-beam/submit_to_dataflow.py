"""Submits a serialised pipeline to a Dataflow endpoint by the Python SDK's own runner.

Usage: submit_to_dataflow.py PIPELINE.pb [pipeline options]; the job's ID is printed.
"""

import sys

from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.portability.api import beam_runner_api_pb2
from apache_beam.runners.dataflow.dataflow_runner import DataflowRunner


def main() -> None:
    path, *flags = sys.argv[1:]
    with open(path, "rb") as file:
        pipeline = beam_runner_api_pb2.Pipeline.FromString(file.read())
    result = DataflowRunner().run_pipeline(None, PipelineOptions(flags), pipeline_proto=pipeline)
    print(result.job_id())


if __name__ == "__main__":
    main()
