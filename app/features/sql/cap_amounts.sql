-- AMOUNT_OUTLIER of one month: caps the outliers among `bills` as `caps` says.
update bills
set amount_fen = c.cap_fen
from caps c
where bills.merchant = c.merchant
    and bills.source = c.source
    and bills.amount_fen >= c.outlier_from_fen
    and bills.amount_fen > c.cap_fen
