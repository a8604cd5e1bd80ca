-- Network: a merchant's bills of M1–M12 by the norm of their outlet, from the rollup
-- `merchant_outlet` ({origin}) and the table `roster`; the norm is `norm_nights` of `norm_bills`:
-- those of all merchants at the outlet where it has at least $fewest_bills, else the platform's.
with sent as (
    select
        r.place,
        o.kind,
        coalesce(o.outlet, 0) as outlet,
        cast(sum(o.timed_bills) as bigint) as timed_bills,
        cast(sum(o.night_bills) as bigint) as night_bills
    from {origin} o
    join roster r on o.month = r.month and o.merchant = r.merchant
    where o.month >= $m12 and o.month <= $m1
    group by r.place, o.kind, coalesce(o.outlet, 0)
),
outlets as (
    select
        kind,
        outlet,
        cast(sum(timed_bills) as bigint) as timed_bills,
        cast(sum(night_bills) as bigint) as night_bills
    from sent
    group by kind, outlet
),
platform as (
    select
        cast(sum(timed_bills) as bigint) as timed_bills,
        cast(sum(night_bills) as bigint) as night_bills
    from outlets
),
norms as (
    select
        o.kind,
        o.outlet,
        case when o.kind > 0 and o.timed_bills >= $fewest_bills then o.timed_bills
            else p.timed_bills end as norm_bills,
        case when o.kind > 0 and o.timed_bills >= $fewest_bills then o.night_bills
            else p.night_bills end as norm_nights
    from outlets o
    cross join platform p
)
select
    s.place,
    n.norm_bills,
    n.norm_nights,
    cast(sum(s.timed_bills) as bigint) as timed_bills,
    cast(sum(s.night_bills) as bigint) as night_bills
from sent s
join norms n on s.kind = n.kind and s.outlet = n.outlet
group by s.place, n.norm_bills, n.norm_nights
order by s.place, n.norm_bills, n.norm_nights
