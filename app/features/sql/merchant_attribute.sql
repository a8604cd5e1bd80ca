-- Rollup: a merchant's bills of a month by carrier (kind 1), by destination (kind 2) and by goods
-- category (kind 3), from `bills`; `value` is the key of the carrier, destination or category.
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
    select merchant, cast(3 as tinyint), category, count(*), cast(0 as bigint)
    from bills
    where is_bill and category is not null
    group by merchant, category
) as attributes
order by merchant
