"""What the first sheet of a workbook says, in Chinese and English."""

from __future__ import annotations

GUIDE: tuple[tuple[str, str], ...] = (
    (
        "可以改什么",
        "白色单元格都可以改：规则的条件、结果、原因、标题、适用用途；表格的判断与输出；额度算式；评分卡的分箱与分值；政策参数。"
        "灰色的编号不改。",
    ),
    (
        "What may be edited",
        "Every white cell: conditions, outcomes, reasons, titles and purposes of rules; tests and"
        " outputs of tables; terms of the"
        " formula; bins and points; terms of the policy. Grey ids stay.",
    ),
    (
        "新增、删除、排序",
        "新行：写在下方的空行里，或在中间插入一行。删除：把该行的白色单元格全部清空，不必删除整行，"
        "也不必撤销保护；紧贴在该行上方的注释随之删除。剪切移动或删除整行：先“审阅→撤销工作表保护”（没有密码）。"
        "first 表按从上到下的顺序判断，行的顺序有意义。",
    ),
    (
        "New, deleted, moved lines",
        "New: write it into an empty line below, or insert a line. Delete: empty all white cells of"
        " the line; nothing has to be unprotected. A comment directly above it in the file goes"
        " with it. To move or delete whole lines choose Review → Unprotect Sheet first (there is"
        " no password). The order of lines counts: a table with hit first takes the first one that"
        " fits.",
    ),
    (
        "怎样写",
        '条件写成文字：>= 85、[12..24)、"A", "B"；金额以元为单位，条件里的数字不写逗号；'
        "比例写 0.35 或 35%。"
        "全角符号和 ≥ ≤ 会自动识别。不要合并单元格，不要写公式。",
    ),
    (
        "How to write",
        'A test is a text: >= 85, [12..24), "A", "B". Money is in yuan, without commas inside a t'
        "est; a share is 0.35."
        " Full-width signs and ≥ ≤ are understood. Do not merge cells; do not write formulas into"
        " tests.",
    ),
    (
        "导回",
        "chengxin policy import 文件.xlsx --dry-run 先看改了什么；去掉 --dry-run 写回。"
        "只改动过的单元格会写入，注释与格式不变。",
    ),
    (
        "Bring it back",
        "chengxin policy import FILE.xlsx --dry-run shows what changes; without --dry-run it is w"
        "ritten. Only what was changed here"
        " is written; comments and formatting of the files stay.",
    ),
)
