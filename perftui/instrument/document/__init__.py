"""A registry's figures in the forms that leave the process: the document, the older form, OpenMetrics, reports."""
