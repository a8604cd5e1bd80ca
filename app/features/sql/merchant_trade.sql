-- Rollup: who bought from a merchant in a month when, and for how much, from `bills`; of months that
-- have no `merchant_bill`. Columns as there.
select merchant, shipper, consignee, cast($month as integer) as month, created_on, amount_fen
from bills
where is_bill
order by merchant
