"""Scorecards from data: a labelled file comes in, a scorecard and its model card go out.

The modules, in the order in which rows become points:

- `frame`       the file → columns with types, the target, the split
- `binning`     a column → bins with counts, weight of evidence (WoE) and information value (IV)
- `intervals`   bins of numbers as tests of the ruleset language
- `regression`  which columns stay, and the logistic regression over their WoE
- `points`      log-odds → whole points
- `writing`     the scorecard's YAML, and blocks for reasons.yaml and catalogue.yaml
- `fit`         all of that in order
- `measures`    AUC, KS, calibration
- `report`, `plots`, `page`   the model card
"""
