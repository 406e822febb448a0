"""Pictures of results, for paper, report and page."""
