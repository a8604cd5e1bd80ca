"""Policies in the tools of others: workbooks for spreadsheets, schemas (`schemas`) for editors.

Workbooks, in the order in which a policy goes there and back:

- `sheets`, `columns`, `laying_out`   documents → sheets of lines of cells
- `base`           what a workbook was exported from, kept inside it
- `guide`, `workbook`   sheets → an .xlsx file
- `cells`, `reading`    an .xlsx file → what its sheets say
- `aligning`       lines of the files now, under the keys that they had in the export
- `merging`        exported, edited and present lines → the lines that the files shall have
- `building`       lines → documents as they shall be
- `scalars`, `spans`, `regroup`, `patch`   a document's text with only what changed replaced
- `placing`        a problem in a file → the cell that it comes from
- `importing`      all of it, checked as a whole, written at once
"""
