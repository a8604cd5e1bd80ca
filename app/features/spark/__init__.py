"""The same SQL files on Spark: dialect → lifting → connection, then rolling, blocks, engine.
Imported only where CHENGXIN_ENGINE=spark asks for it; pyspark is the extra `spark`.
"""
