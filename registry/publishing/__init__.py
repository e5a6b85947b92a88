"""The pipeline: receive, inspect, admit, record, check, decide, release; one module a stage."""
