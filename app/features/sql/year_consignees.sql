-- Year: what a merchant's consignees say of it, one row a merchant, from `customers`. Squares of
-- amounts pass 64 bits, so an amount is cut into high and low parts of 2^20 fen:
-- amount² = (high·2^20 + low)².
with cut as (
    select *, amount_12m_fen // 1048576 as high, amount_12m_fen % 1048576 as low
    from customers
)
select
    place,
    count(*) as consignees,
    max(amount_12m_fen) as largest_fen,
    cast(sum(high * high) as bigint) as high_high,
    cast(sum(high * low) as bigint) as high_low,
    cast(sum(low * low) as bigint) as low_low,
    cast(sum(repeat_6m_fen) as bigint) as repeat_6m_fen,
    count(case when seen = 2 or seen = 6 then 1 end) as in_1_6,
    count(case when seen >= 4 then 1 end) as in_7_12,
    count(case when seen = 6 then 1 end) as retained
from cut
group by place
order by place
