"""History: each records table as sorted, memory-mapped logs of one entity, brought up to date by order of arrival."""
