-- Rollup: a merchant's bills of a month by carrier (kind 1), destination (kind 2), goods category
-- (kind 3), origin (kind 4), and its own name (kind 5), phone (kind 6) and card (kind 7) on the bill,
-- from `bills`; `value` is the key of the carrier, destination, …; amounts stand with carriers and
-- categories only.
select merchant, cast($month as integer) as month, kind, value, bills, amount_fen
from (
    select
        merchant,
        cast(1 as tinyint) as kind,
        carrier as value,
        count(*) as bills,
        cast(sum(amount_fen) as bigint) as amount_fen
    from bills
    where is_bill and carrier is not null
    group by merchant, carrier
    union all
    select merchant, cast(2 as tinyint), destination, count(*), cast(0 as bigint)
    from bills
    where is_bill and destination is not null
    group by merchant, destination
    union all
    select merchant, cast(3 as tinyint), category, count(*), cast(sum(amount_fen) as bigint)
    from bills
    where is_bill and category is not null
    group by merchant, category
    union all
    select merchant, cast(4 as tinyint), origin, count(*), cast(0 as bigint)
    from bills
    where is_bill and origin is not null
    group by merchant, origin
    union all
    select merchant, cast(5 as tinyint), name, count(*), cast(0 as bigint)
    from bills
    where is_bill and name is not null
    group by merchant, name
    union all
    select merchant, cast(6 as tinyint), phone, count(*), cast(0 as bigint)
    from bills
    where is_bill and phone is not null
    group by merchant, phone
    union all
    select merchant, cast(7 as tinyint), card, count(*), cast(0 as bigint)
    from bills
    where is_bill and card is not null
    group by merchant, card
) as attributes
order by merchant
