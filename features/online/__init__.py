"""The online home: one packed row per entity, read by one key, answered by the same kernel."""
