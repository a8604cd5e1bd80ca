-- Rollup: under which name, phone and card, and from where, a merchant's bills of a month were sent,
-- from `bills`; keys, null where the bill does not say.
select merchant, cast($month as integer) as month, origin, name, phone, card, count(*) as bills
from bills
where is_bill
group by merchant, origin, name, phone, card
order by merchant
