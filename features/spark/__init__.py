"""The Spark home: the same kernel on Apache Spark, when one machine is outgrown.

In: the history as Parquet (`features.history.exchange`) and a spine. Out: the same columns and packed states as the
offline and online homes, bit for bit. Spark only brings together what belongs together: the rows of some entities, of
every log, meet their spine rows in one group, and there the offline home's own functions answer. pyspark is imported
when a session is started, and comes with the extra ``spark``.
"""
