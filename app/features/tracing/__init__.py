"""From a feature's value back to its waybills, in reading order: `rows` a merchant's waybills as
counted, `traced` what a trace says, `scale` … `parties` how each feature is traced, `explain` all
of it for one value.
"""
