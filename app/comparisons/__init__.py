"""Two versions of a policy beside each other: what changed in meaning, and what that changes for a
portfolio.

- `wording`      values, conditions and expressions in the words of an analyst
- `diff`, `diff_stages`   two checked policies → what changed
- `parts`        the parts in which two policies differ, and the policies in between
- `attribution`  which part swapped which merchant; the shares add up to the swaps
- `judging`      both judgements of a portfolio; what the two share is judged once
- `outcomes`     a file of what became of loans → bad rates of kept, swapped and refused merchants
- `groups`       the same by size, industry and region
- `simulate`     two policies and a snapshot → one report
- `tables`, `charts`, `page`   reports → the terminal, and one HTML file that needs nothing else
"""
