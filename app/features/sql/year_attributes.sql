-- Year: carriers (kind 1), destinations (2) and goods categories (3) of M1–M12, one row a
-- merchant, from `parts`. High and low as in year_consignees.
with cut as (
    select
        place,
        kind,
        now_bills + then_bills as bills,
        case when kind = 1 then now_fen + then_fen else 0 end as amount_fen
    from parts
),
halved as (
    select *, amount_fen // 1048576 as high, amount_fen % 1048576 as low
    from cut
)
select
    place,
    count(case when kind = 2 then 1 end) as destinations,
    count(case when kind = 3 then 1 end) as categories,
    count(case when kind = 1 then 1 end) as carriers,
    count(case when kind = 1 and bills >= 3 then 1 end) as used_carriers,
    cast(sum(amount_fen) as bigint) as carried_fen,
    cast(sum(high * high) as bigint) as high_high,
    cast(sum(high * low) as bigint) as high_low,
    cast(sum(low * low) as bigint) as low_low
from halved
group by place
order by place
