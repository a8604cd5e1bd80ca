-- Block: the merchant's months, from the rollup `merchant_month`; `place` is the merchant's row in
-- the block.
select place, month, records, bills, cod_bills, amount_fen, first_cod_on, last_bill_on,
    bill_days
from merchant_month
