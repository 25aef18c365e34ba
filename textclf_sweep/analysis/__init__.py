"""Pure functions of a sweep's history: ranking, status, and the findings in words."""
