-- Rollup: a merchant's bills of a month by outlet, from `bills`, and how many of them were created
-- between 23:00 and 05:00. `kind` is 1 of an outlet, 2 of a carrier that names no outlet, 0 of
-- neither. Bills without a clock time (midnight to the second) or with a doubtful one say nothing.
select
    merchant,
    cast($month as integer) as month,
    kind,
    outlet,
    count(*) as timed_bills,
    count(case when clock >= 23 or clock < 5 then 1 end) as night_bills
from (
    select
        merchant,
        cast(
            case when outlet is not null then 1 when carrier is not null then 2 else 0 end as tinyint
        ) as kind,
        coalesce(outlet, carrier) as outlet,
        hour(created_at) as clock
    from bills
    where is_bill and (flags & $time) = 0 and created_at <> cast(created_on as timestamp)
) as timed
group by merchant, kind, outlet
order by merchant
